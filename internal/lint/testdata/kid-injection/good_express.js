const jwt = require('jsonwebtoken');

const keys = new Map([['2026-01', process.env.PUBLIC_KEY]]);

function claimsOf(token) {
  const getKey = (header, callback) => callback(null, keys.get(header.kid));
  return new Promise((resolve, reject) => {
    jwt.verify(token, getKey, { algorithms: ['RS256'] }, (err, claims) => (err ? reject(err) : resolve(claims)));
  });
}

module.exports = { claimsOf };
