const bcrypt = require('bcryptjs');
const express = require('express');
const { rateLimit } = require('express-rate-limit');
const jwt = require('jsonwebtoken');
const { User } = require('./models');
const logger = require('pino')();

const router = express.Router();

router.post('/signin', async (req, res) => {
  const user = await User.findOne({ where: { name: req.body.name } });
  if (!user || !bcrypt.compareSync(req.body.password, user.password)) {
    return res.sendStatus(401);
  }
  logger.info({ sub: user.id, ip: req.ip }, 'token issued');
  res.json({ token: jwt.sign({ sub: user.id }, process.env.JWT_SECRET, { expiresIn: '15m' }) });
});

const app = express();
const limiter = rateLimit({ windowMs: 15 * 60 * 1000, limit: 10 });
app.use('/api/auth', limiter, router);
app.listen(3000);
