const jwt = require('jsonwebtoken');

function tokenFor(user) {
  const claims = {
    sub: user.id,
    password: user.password, // want sensitive-claims
  };
  return jwt.sign(claims, process.env.JWT_SECRET, { expiresIn: '15m' });
}

module.exports = { tokenFor };
