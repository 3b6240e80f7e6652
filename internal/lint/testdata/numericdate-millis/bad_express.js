const jwt = require('jsonwebtoken');

function tokenFor(user) {
  const claims = {
    sub: user.id,
    exp: Date.now() + 15 * 60 * 1000, // want numericdate-millis
  };
  return jwt.sign(claims, process.env.JWT_SECRET);
}

module.exports = { tokenFor };
