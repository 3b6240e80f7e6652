const jwt = require('jsonwebtoken');

function claimsOf(token) {
  return jwt.verify(token, process.env.JWT_SECRET, { algorithms: ['HS256'], ignoreExpiration: true }); // want expired-accepted
}

module.exports = { claimsOf };
