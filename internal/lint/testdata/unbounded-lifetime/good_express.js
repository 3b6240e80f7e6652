const jwt = require('jsonwebtoken');
const logger = require('pino')();

function tokenFor(user) {
  logger.info({ sub: user.id }, 'token issued');
  return jwt.sign({ sub: user.id }, process.env.JWT_SECRET, { expiresIn: '15m' });
}

module.exports = { tokenFor };
