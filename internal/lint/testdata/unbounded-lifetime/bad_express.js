const jwt = require('jsonwebtoken');

function tokenFor(user) {
  return jwt.sign({ sub: user.id }, process.env.JWT_SECRET); // want unbounded-lifetime
}

module.exports = { tokenFor };
