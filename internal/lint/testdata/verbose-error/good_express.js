const express = require('express');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();

app.get('/me', (req, res) => {
  try {
    res.json(jwt.verify(req.headers.authorization, process.env.JWT_SECRET, { algorithms: ['HS256'] }));
  } catch (err) {
    logger.warn({ reason: err.name, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'token refused');
    res.status(401).json({ error: 'unauthorized' });
  }
});

app.listen(3000);
