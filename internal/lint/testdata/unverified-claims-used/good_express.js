const express = require('express');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const keys = { '2026-01': process.env.PUBLIC_KEY };
const app = express();

app.use((req, res, next) => {
  const token = (req.headers.authorization || '').slice(7);
  try {
    const head = jwt.decode(token, { complete: true }); // only to find the key
    req.user = jwt.verify(token, keys[head.header.kid], { algorithms: ['RS256'] });
  } catch (err) {
    logger.warn({ reason: err.name, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'token refused');
    return res.sendStatus(401);
  }
  next();
});

app.get('/me', (req, res) => res.json(req.user));
app.listen(3000);
