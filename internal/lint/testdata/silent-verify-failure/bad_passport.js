const express = require('express');
const passport = require('passport');
const { Strategy, ExtractJwt } = require('passport-jwt');

passport.use(new Strategy({
  jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
  secretOrKey: process.env.JWT_SECRET,
  algorithms: ['HS256'],
}, (claims, done) => done(null, { id: claims.sub })));

const app = express();

// The library answers 401 by itself, and tells nobody.
app.get('/me', passport.authenticate('jwt', { session: false }), (req, res) => { // want silent-verify-failure
  res.json(req.user);
});

app.listen(3000);
