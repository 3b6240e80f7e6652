const bcrypt = require('bcrypt');
const express = require('express');
const { rateLimit } = require('express-rate-limit');
const jwt = require('jsonwebtoken');
const { User } = require('./models');
const logger = require('pino')();

const app = express();
app.use(express.json());

function tokenFor(user) {
  return jwt.sign({ sub: user.id }, process.env.JWT_SECRET, { expiresIn: '15m' });
}

app.post('/login', rateLimit({ limit: 5 }), async (req, res) => {
  const user = await User.findOne({ email: req.body.email });
  if (!user || !(await bcrypt.compare(req.body.password, user.password))) {
    return res.sendStatus(401);
  }
  const token = tokenFor(user);
  logger.info({ sub: user.id, ip: req.ip }, 'token issued');
  res.json({ token });
});

app.listen(3000);
