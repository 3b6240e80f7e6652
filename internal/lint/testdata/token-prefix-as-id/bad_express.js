const express = require('express');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();

app.get('/me', (req, res) => {
  const token = (req.headers.authorization || '').split(' ')[1];
  try {
    res.json(jwt.verify(token, process.env.JWT_SECRET, { algorithms: ['HS256'] }));
  } catch (err) {
    logger.warn({ // want token-prefix-as-id
      event: 'jwt_verification_failed',
      reason: err.name,
      token: token.substring(0, 20) + '...',
      ip: req.ip,
      path: req.path,
    });
    res.sendStatus(401);
  }
});

app.listen(3000);
