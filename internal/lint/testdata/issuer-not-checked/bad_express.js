const jwt = require('jsonwebtoken');

function claimsOf(token) {
  return jwt.verify(token, process.env.JWT_SECRET, { algorithms: ['HS256'], audience: 'orders' }); // want issuer-not-checked
}

module.exports = { claimsOf };
