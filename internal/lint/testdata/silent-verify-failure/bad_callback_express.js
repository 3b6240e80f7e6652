const express = require('express');
const jwt = require('jsonwebtoken');

const router = express.Router();

// The error comes to a callback, and goes no further.
router.use((req, res, next) => {
  const token = req.headers['x-access-token'];
  jwt.verify(token, process.env.JWT_SECRET, { algorithms: ['HS256'] }, (err, decoded) => {
    if (err) { // want silent-verify-failure
      return res.status(403).json({ message: 'Forbidden' });
    }
    req.userId = decoded.id;
    next();
  });
});

router.get('/orders', (req, res) => res.json([]));

const app = express();
app.use('/api', router);
app.listen(3000);
