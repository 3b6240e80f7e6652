const bcrypt = require('bcryptjs');
const express = require('express');
const jwt = require('jsonwebtoken');
const { User } = require('./models');
const logger = require('pino')();

const router = express.Router();

router.post('/signin', async (req, res) => { // want no-login-rate-limit
  const user = await User.findOne({ where: { name: req.body.name } });
  if (!user || !bcrypt.compareSync(req.body.password, user.password)) {
    return res.sendStatus(401);
  }
  logger.info({ sub: user.id, ip: req.ip }, 'token issued');
  res.json({ token: jwt.sign({ sub: user.id }, process.env.JWT_SECRET, { expiresIn: '15m' }) });
});

const app = express();
app.use('/api/auth', router);
app.listen(3000);
