const jwt = require('jsonwebtoken');

function claimsOf(token) {
  return jwt.verify(token, process.env.JWT_SECRET); // want unpinned-algorithm
}

module.exports = { claimsOf };
