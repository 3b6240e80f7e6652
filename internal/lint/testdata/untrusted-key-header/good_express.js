const jwt = require('jsonwebtoken');
const jwks = require('jwks-rsa');

const client = jwks({ jwksUri: 'https://id.example/jwks.json' });

async function claimsOf(token) {
  const { header } = jwt.decode(token, { complete: true });
  const key = await client.getSigningKey(header.kid);
  return jwt.verify(token, key.getPublicKey(), { algorithms: ['RS256'] });
}

module.exports = { claimsOf };
