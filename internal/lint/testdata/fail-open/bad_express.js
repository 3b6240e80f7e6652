const express = require('express');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();

function authenticate(req, res, next) {
  try {
    req.user = jwt.verify(req.headers.authorization, process.env.JWT_SECRET, { algorithms: ['HS256'] });
  } catch (err) { // want fail-open
    logger.warn({ reason: err.name, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'token refused');
    if (err instanceof jwt.TokenExpiredError) {
      return res.sendStatus(401);
    }
  }
  next();
}

app.get('/me', authenticate, (req, res) => res.json(req.user || {}));
app.listen(3000);
