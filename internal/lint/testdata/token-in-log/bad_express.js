const express = require('express');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();

app.get('/me', (req, res) => {
  const token = (req.headers.authorization || '').replace('Bearer ', '');
  try {
    res.json(jwt.verify(token, process.env.JWT_SECRET, { algorithms: ['HS256'] }));
  } catch (err) {
    logger.warn({ reason: err.name, token, ip: req.ip, path: req.path }, 'token refused'); // want token-in-log
    res.sendStatus(401);
  }
});

app.listen(3000);
