const express = require('express')
const passport = require('passport')

const app = express()

// Who comes back from another service, or with a password, has no token yet.
app.get('/auth/google/callback', passport.authenticate('google', { session: false }), (req, res) => {
  res.redirect('/')
})
app.listen(3000)
