const express = require('express');
const jwt = require('jsonwebtoken');
const logger = require('pino')();

const app = express();

app.get('/admin', (req, res) => {
  let claims;
  try {
    claims = jwt.verify(req.headers.authorization, process.env.JWT_SECRET, { algorithms: ['HS256'] });
  } catch (err) {
    logger.warn({ reason: err.name, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'token refused');
    return res.sendStatus(401);
  }
  if (!claims.scope.includes('admin')) {
    return res.sendStatus(403); // want silent-scope-denial
  }
  res.json({});
});

app.listen(3000);
