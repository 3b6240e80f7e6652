const express = require('express');
const { rateLimit } = require('express-rate-limit');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();
const limiter = rateLimit({ windowMs: 60000, limit: 20 });

function authenticate(req, res, next) {
  const header = req.headers.authorization;
  if (!header) {
    logger.warn({ ip: req.ip, path: req.path, ua: req.get('user-agent') }, 'token missing');
    return res.status(401).json({ error: 'unauthorized' });
  }
  try {
    req.user = jwt.verify(header.slice(7), process.env.JWT_SECRET, { algorithms: ['HS256'] });
  } catch (err) {
    logger.warn({ reason: err.name, ip: req.ip, path: req.path, ua: req.get('user-agent') }, 'token refused');
    return res.status(401).json({ error: 'unauthorized' });
  }
  next();
}

app.get('/me', limiter, authenticate, (req, res) => {
  res.json({ id: req.user.sub });
});

app.listen(3000);
