const express = require('express');
const { rateLimit } = require('express-rate-limit');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();
app.use(express.json());
app.use(rateLimit({ limit: 10 }));

app.post('/refresh', (req, res) => { // want refresh-reuse-accepted
  try {
    const { sub } = jwt.verify(req.body.refreshToken, process.env.REFRESH_SECRET, { algorithms: ['HS256'] });
    logger.info({ sub, ip: req.ip, path: req.path }, 'token refreshed');
    const access = jwt.sign({ sub }, process.env.ACCESS_SECRET, { expiresIn: '15m' });
    const refreshToken = jwt.sign({ sub }, process.env.REFRESH_SECRET, { expiresIn: '7d' });
    res.json({ access, refreshToken });
  } catch (err) {
    logger.warn({ reason: err.name, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'refresh refused');
    res.sendStatus(401);
  }
});

app.listen(3000);
