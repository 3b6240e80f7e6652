const express = require('express');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();

function authenticate(req, res, next) {
  const token = req.headers['x-access-token'];
  if (!token) { // want silent-missing-token
    return res.status(403).json({ message: 'No token provided' });
  }
  try {
    req.user = jwt.verify(token, process.env.JWT_SECRET, { algorithms: ['HS256'] });
  } catch (err) {
    logger.warn({ reason: err.name, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'token refused');
    return res.status(401).json({ message: 'unauthorized' });
  }
  next();
}

app.get('/me', authenticate, (req, res) => res.json(req.user));
app.listen(3000);
