import { jwtVerify } from 'jose';

const key = new TextEncoder().encode(process.env.JWT_SECRET);

export async function claimsOf(token: string) {
  const { payload } = await jwtVerify(token, key, { algorithms: ['HS256'] });
  return payload;
}

export function later(token: string) {
  return jwtVerify(token, key, { algorithms: ['HS256'] });
}
