const express = require('express');
const passport = require('passport');
const { Strategy, ExtractJwt } = require('passport-jwt');
const logger = require('pino')();

passport.use(new Strategy({
  jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
  secretOrKey: process.env.JWT_SECRET,
  algorithms: ['HS256'],
}, (claims, done) => done(null, { id: claims.sub })));

const app = express();

function authenticate(req, res, next) {
  passport.authenticate('jwt', { session: false }, (err, user, info) => {
    if (err || !user) {
      logger.warn({ err, reason: info && info.message, ip: req.ip, path: req.path, agent: req.get('user-agent') }, 'token refused');
      return res.status(401).json({ error: 'unauthorized' });
    }
    req.user = user;
    next();
  })(req, res, next);
}

app.get('/me', authenticate, (req, res) => {
  res.json(req.user);
});

app.listen(3000);
