const fs = require('fs');
const jwt = require('jsonwebtoken');

function claimsOf(token) {
  const getKey = (header, callback) => {
    const key = fs.readFileSync(`keys/${header.kid}.pem`); // want kid-injection
    callback(null, key);
  };
  return new Promise((resolve, reject) => {
    jwt.verify(token, getKey, { algorithms: ['RS256'] }, (err, claims) => (err ? reject(err) : resolve(claims)));
  });
}

module.exports = { claimsOf };
