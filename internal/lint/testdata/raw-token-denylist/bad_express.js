const express = require('express');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();
const revoked = new Set();
setInterval(() => revoked.clear(), 24 * 60 * 60 * 1000);

function authenticate(req, res, next) {
  const token = (req.headers.authorization || '').slice(7);
  const refuse = (reason) => {
    logger.warn({ reason, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'token refused');
    res.sendStatus(401);
  };
  if (revoked.has(token)) { // want raw-token-denylist
    return refuse('revoked');
  }
  try {
    req.user = jwt.verify(token, process.env.JWT_SECRET, { algorithms: ['HS256'] });
  } catch (err) {
    return refuse(err.name);
  }
  next();
}

app.get('/me', authenticate, (req, res) => res.json(req.user));
app.listen(3000);
