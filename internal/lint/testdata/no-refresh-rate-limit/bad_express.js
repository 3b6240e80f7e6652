const express = require('express');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();
app.use(express.json());

app.post('/refresh', (req, res) => { // want no-refresh-rate-limit
  const who = { ip: req.ip, path: req.path, agent: req.get('user-agent') };
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
