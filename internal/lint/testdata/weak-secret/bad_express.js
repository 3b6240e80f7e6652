const jwt = require('jsonwebtoken');

const secret = process.env.JWT_SECRET || 'change-me'; // want weak-secret

function claimsOf(token) {
  return jwt.verify(token, secret, { algorithms: ['HS256'] });
}

module.exports = { claimsOf };
