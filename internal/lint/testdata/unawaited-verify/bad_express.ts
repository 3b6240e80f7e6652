import { jwtVerify } from 'jose';

const key = new TextEncoder().encode(process.env.JWT_SECRET);

export function isGood(token: string): boolean {
  const result = jwtVerify(token, key, { algorithms: ['HS256'] }); // want unawaited-verify
  return result ? true : false;
}
