const express = require('express');
const { rateLimit } = require('express-rate-limit');
const jwt = require('jsonwebtoken');
const Redis = require('ioredis');
const logger = require('pino')();

const app = express();
const redis = new Redis();
app.use(express.json());
app.use(rateLimit({ limit: 10 }));

app.post('/refresh', async (req, res) => {
  const who = { ip: req.ip, path: req.path, agent: req.get('user-agent') };
  try {
    const { sub, jti } = jwt.verify(req.body.refreshToken, process.env.REFRESH_SECRET, { algorithms: ['HS256'] });
    if (!(await redis.del(`refresh:${jti}`))) {
      logger.error({ ...who, sub, jti }, 'refresh token used twice');
      return res.sendStatus(401);
    }
    const next = crypto.randomUUID();
    await redis.set(`refresh:${next}`, sub, 'EX', 604800);
    logger.info({ ...who, sub, jti: next }, 'token refreshed');
    const access = jwt.sign({ sub }, process.env.ACCESS_SECRET, { expiresIn: '15m' });
    const refreshToken = jwt.sign({ sub, jti: next }, process.env.REFRESH_SECRET, { expiresIn: '7d' });
    res.json({ access, refreshToken });
  } catch (err) {
    logger.warn({ ...who, reason: err.name }, 'refresh refused');
    res.sendStatus(401);
  }
});

app.listen(3000);
