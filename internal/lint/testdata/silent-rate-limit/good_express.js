const express = require('express');
const { rateLimit } = require('express-rate-limit');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();
app.use(rateLimit({
  limit: 10,
  handler: (req, res) => {
    logger.warn({ ip: req.ip, path: req.path }, 'limit reached');
    res.sendStatus(429);
  },
}));
app.get('/', (req, res) => res.send(typeof jwt.decode));
app.listen(3000);
