const express = require('express');
const jwt = require('jsonwebtoken');
const Redis = require('ioredis');
const logger = require('pino')();

const redis = new Redis();
const app = express();

function refuse(req, res, reason) {
  logger.error({ reason, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'token refused');
  return res.sendStatus(401);
}

async function authenticate(req, res, next) {
  const header = req.headers.authorization;
  if (!header) {
    return refuse(req, res, 'missing');
  }
  let claims;
  try {
    claims = jwt.verify(header.slice(7), process.env.JWT_SECRET, { algorithms: ['HS256'] });
  } catch (err) {
    return refuse(req, res, err.name);
  }
  if (await redis.get(`revoked:${claims.jti}`)) {
    return refuse(req, res, 'revoked');
  }
  req.user = claims;
  next();
}

app.get('/me', authenticate, (req, res) => res.json(req.user));
app.listen(3000);
