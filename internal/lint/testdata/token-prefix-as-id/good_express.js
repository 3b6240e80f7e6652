const express = require('express');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();

app.get('/me', (req, res) => {
  const token = (req.headers.authorization || '').split(' ')[1];
  try {
    const claims = jwt.verify(token, process.env.JWT_SECRET, { algorithms: ['HS256'] });
    logger.info({ event: 'jwt_verified', jti: claims.jti });
    res.json(claims);
  } catch (err) {
    logger.warn({ event: 'jwt_verification_failed', reason: err.name, ip: req.ip, path: req.path, agent: req.get('user-agent') });
    res.sendStatus(401);
  }
});

app.listen(3000);
