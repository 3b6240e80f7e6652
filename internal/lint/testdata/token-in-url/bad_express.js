const express = require('express');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();

app.get('/download', (req, res) => {
  try {
    res.json(jwt.verify(req.query.token, process.env.JWT_SECRET, { algorithms: ['HS256'] })); // want token-in-url
  } catch (err) {
    logger.warn({ reason: err.name, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'token refused');
    res.sendStatus(401);
  }
});

app.listen(3000);
