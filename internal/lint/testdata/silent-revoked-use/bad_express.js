const express = require('express');
const jwt = require('jsonwebtoken');
const Redis = require('ioredis');
const logger = require('pino')();

const redis = new Redis();
const app = express();

async function authenticate(req, res, next) {
  const header = req.headers.authorization;
  if (!header) {
    logger.warn({ ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'token missing');
    return res.sendStatus(401);
  }
  let claims;
  try {
    claims = jwt.verify(header.slice(7), process.env.JWT_SECRET, { algorithms: ['HS256'] });
  } catch (err) {
    logger.warn({ reason: err.name, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'token refused');
    return res.sendStatus(401);
  }
  if (await redis.get(`revoked:${claims.jti}`)) { // want silent-revoked-use
    return res.status(401).json({ error: 'token revoked' });
  }
  req.user = claims;
  next();
}

app.get('/me', authenticate, (req, res) => res.json(req.user));
app.listen(3000);
