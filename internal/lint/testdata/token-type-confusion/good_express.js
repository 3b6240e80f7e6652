const jwt = require('jsonwebtoken');

function accessOf(token) {
  return jwt.verify(token, process.env.ACCESS_SECRET, { algorithms: ['HS256'] });
}

function refreshOf(refreshToken) {
  return jwt.verify(refreshToken, process.env.REFRESH_SECRET, { algorithms: ['HS256'] });
}

module.exports = { accessOf, refreshOf };
