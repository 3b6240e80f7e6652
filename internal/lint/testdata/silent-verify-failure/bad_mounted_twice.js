const express = require('express')
const passport = require('passport')

const cities = express.Router()
const users = express.Router()

// The same middleware, mounted alike in several places, is one thing to mend.
cities.get('/', passport.authenticate('jwt', { session: false }), (req, res) => res.json([])) // want silent-verify-failure
users.get('/', passport.authenticate('jwt', { session: false }), (req, res) => res.json([]))
users.get('/me', passport.authenticate('jwt', { session: false }), (req, res) => res.json(req.user))

const app = express()
app.use('/cities', cities)
app.use('/users', users)
app.listen(3000)
