const jwt = require('jsonwebtoken');

function accessOf(token) {
  return jwt.verify(token, process.env.JWT_SECRET, { algorithms: ['HS256'] });
}

function refreshOf(refreshToken) {
  return jwt.verify(refreshToken, process.env.JWT_SECRET, { algorithms: ['HS256'] }); // want token-type-confusion
}

module.exports = { accessOf, refreshOf };
