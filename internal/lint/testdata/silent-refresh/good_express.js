const express = require('express');
const { rateLimit } = require('express-rate-limit');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();
app.use(express.json());
app.use(rateLimit({ windowMs: 60000, limit: 20 }));

app.post('/refresh', (req, res) => {
  const { refreshToken } = req.body;
  const who = { ip: req.ip, path: req.path, agent: req.get('user-agent') };
  if (!refreshToken) {
    logger.warn(who, 'refresh token missing');
    return res.sendStatus(401);
  }
  jwt.verify(refreshToken, process.env.REFRESH_SECRET, { algorithms: ['HS256'] }, (err, claims) => {
    if (err) {
      logger.warn({ ...who, reason: err.name }, 'refresh refused');
      return res.sendStatus(403);
    }
    const accessToken = jwt.sign({ sub: claims.sub }, process.env.ACCESS_SECRET, { expiresIn: '15m' });
    logger.info({ ...who, sub: claims.sub, jti: claims.jti }, 'token refreshed');
    res.json({ accessToken });
  });
});

app.listen(3000);
