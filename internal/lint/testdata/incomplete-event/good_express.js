const express = require('express');
const jwt = require('jsonwebtoken');
const winston = require('winston');

const logger = winston.createLogger();
const app = express();

function authenticate(req, res, next) {
  try {
    req.user = jwt.verify(req.headers.authorization.slice(7), process.env.JWT_SECRET, { algorithms: ['HS256'] });
  } catch (err) {
    logger.warn('token refused', { reason: err.name, ip: req.ip, path: req.path, agent: req.get('user-agent') });
    return res.sendStatus(401);
  }
  next();
}

app.get('/me', authenticate, (req, res) => res.json(req.user));
app.listen(3000);
