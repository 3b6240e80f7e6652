const jwt = require('jsonwebtoken');
const logger = require('pino')();

function tokenFor(user) {
  const claims = {
    sub: user.id,
    exp: Math.floor(Date.now() / 1000) + 15 * 60,
  };
  logger.info({ sub: user.id }, 'token issued');
  return jwt.sign(claims, process.env.JWT_SECRET);
}

module.exports = { tokenFor };
