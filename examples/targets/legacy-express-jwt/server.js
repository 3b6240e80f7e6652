'use strict'
// The least wiring that these libraries need. Express's own error handler and
// morgan do all the logging.
const fs = require('fs')
const express = require('express')
const morgan = require('morgan')
const jwt = require('jsonwebtoken')
const expressJwt = require('express-jwt')

const privateKey = fs.readFileSync('key.pem')
const publicKey = fs.readFileSync('jwt.pub', 'utf8')

const app = express()
app.use(morgan('combined'))
app.use(express.json())
app.get('/jwt.pub', (req, res) => res.type('text/plain').send(publicKey))
app.post('/login', (req, res) => {
  if (req.body.user !== 'alice' || req.body.password !== 'Al1ce-Passw0rd') {
    return res.status(401).json({ error: 'bad login' })
  }
  const claims = { sub: 'alice', role: 'user' }
  res.json({ token: jwt.sign(claims, privateKey, { algorithm: 'RS256', expiresInMinutes: 60 }) })
})
app.get('/me', expressJwt({ secret: publicKey }), (req, res) => res.json(req.user))
app.listen(Number(process.env.PORT), '127.0.0.1')
