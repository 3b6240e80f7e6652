const express = require('express');
const { RateLimiterMemory } = require('rate-limiter-flexible');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();
app.use(express.json());

const refreshes = new RateLimiterMemory({ points: 10, duration: 60 });

app.post('/refresh', async (req, res) => {
  const who = { ip: req.ip, path: req.path, agent: req.get('user-agent') };
  try {
    await refreshes.consume(req.ip);
  } catch {
    logger.warn(who, 'refresh limited');
    return res.sendStatus(429);
  }
  try {
    const claims = jwt.verify(req.body.refreshToken, process.env.REFRESH_SECRET, { algorithms: ['HS256'] });
    const token = jwt.sign({ sub: claims.sub }, process.env.ACCESS_SECRET, { expiresIn: '15m' });
    logger.info({ ...who, sub: claims.sub }, 'token refreshed');
    res.json({ token });
  } catch (err) {
    logger.warn({ ...who, reason: err.name }, 'refresh refused');
    res.sendStatus(401);
  }
});

app.listen(3000);
