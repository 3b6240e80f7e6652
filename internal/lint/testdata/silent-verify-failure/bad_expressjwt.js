const express = require('express');
const { expressjwt } = require('express-jwt');

const app = express();
app.use(expressjwt({ secret: process.env.JWT_SECRET, algorithms: ['HS256'] })); // want silent-verify-failure
app.get('/me', (req, res) => res.json(req.auth));

app.use((err, req, res, next) => {
  if (err.name === 'UnauthorizedError') {
    return res.status(401).json({ error: 'unauthorized' });
  }
  next(err);
});

app.listen(3000);
