const express = require('express');
const { rateLimit } = require('express-rate-limit');
const jwt = require('jsonwebtoken');

const app = express();
app.use(rateLimit({ limit: 10 })); // want silent-rate-limit
app.get('/', (req, res) => res.send(typeof jwt.decode));
app.listen(3000);
