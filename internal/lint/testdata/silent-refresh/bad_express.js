const express = require('express');
const { rateLimit } = require('express-rate-limit');
const jwt = require('jsonwebtoken');

const app = express();
app.use(express.json());
app.use(rateLimit({ windowMs: 60000, limit: 20 }));

app.post('/refresh', (req, res) => { // want silent-refresh
  const { refreshToken } = req.body;
  jwt.verify(refreshToken, process.env.REFRESH_SECRET, { algorithms: ['HS256'] }, (err, user) => {
    if (err) return res.sendStatus(403);
    const accessToken = jwt.sign({ sub: user.sub }, process.env.ACCESS_SECRET, { expiresIn: '15m' });
    res.json({ accessToken });
  });
});

app.listen(3000);
