const express = require('express');
const { expressjwt } = require('express-jwt');
const logger = require('pino')();

const app = express();
app.use(expressjwt({ secret: process.env.JWT_SECRET, algorithms: ['HS256'] }));
app.get('/me', (req, res) => res.json(req.auth));

app.use((err, req, res, next) => {
  logger.warn({ err, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'request refused');
  res.status(401).json({ error: 'unauthorized' });
});

app.listen(3000);
