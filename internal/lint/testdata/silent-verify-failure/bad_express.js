const express = require('express');
const jwt = require('jsonwebtoken');

const app = express();

// The blind catch: the answer is right, and nobody will ever know.
function authenticate(req, res, next) {
  const token = (req.headers.authorization || '').split(' ')[1];
  try {
    req.user = jwt.verify(token, process.env.JWT_SECRET, { algorithms: ['HS256'] });
    next();
  } catch (err) { // want silent-verify-failure
    res.status(401).json({ error: 'invalid token' });
  }
}

app.get('/me', authenticate, (req, res) => {
  res.json({ id: req.user.sub });
});

app.listen(3000);
