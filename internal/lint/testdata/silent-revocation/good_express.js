const express = require('express');
const jwt = require('jsonwebtoken');
const Redis = require('ioredis');
const logger = require('pino')();

const redis = new Redis();
const app = express();

app.post('/logout', async (req, res) => {
  let claims;
  try {
    claims = jwt.verify(req.headers.authorization.slice(7), process.env.JWT_SECRET, { algorithms: ['HS256'] });
  } catch (err) {
    logger.warn({ reason: err.name, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'token refused');
    return res.sendStatus(401);
  }
  await redis.set(`revoked:${claims.jti}`, '1', 'EX', 900);
  logger.info({ jti: claims.jti, sub: claims.sub, ip: req.ip }, 'token revoked');
  res.sendStatus(204);
});

app.listen(3000);
