const express = require('express');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();
const failures = new Map();
setInterval(() => failures.clear(), 60 * 1000);

function authenticate(req, res, next) {
  try {
    req.user = jwt.verify((req.headers.authorization || '').slice(7), process.env.JWT_SECRET, { algorithms: ['HS256'] });
  } catch (err) {
    const count = (failures.get(req.ip) || 0) + 1;
    failures.set(req.ip, count);
    logger.warn({ reason: err.name, count, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'token refused');
    return res.sendStatus(401);
  }
  next();
}

app.get('/me', authenticate, (req, res) => res.json(req.user));
app.listen(3000);
