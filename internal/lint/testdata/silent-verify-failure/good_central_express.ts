import express, { NextFunction, Request, Response } from 'express';
import jwt from 'jsonwebtoken';
import logger from 'pino';

const log = logger();
const app = express();

class AuthError extends Error {
  constructor(public status: number, message: string) {
    super(message);
  }
}

async function authenticate(req: Request, res: Response, next: NextFunction) {
  const header = req.headers.authorization;
  if (!header) {
    return next(new AuthError(401, 'missing token'));
  }
  try {
    res.locals.user = jwt.verify(header.slice(7), process.env.JWT_SECRET!, { algorithms: ['HS256'] });
  } catch (e) {
    return next(new AuthError(401, (e as Error).name));
  }
  next();
}

app.get('/me', authenticate, (req, res) => {
  res.json(res.locals.user);
});

app.use((err: AuthError, req: Request, res: Response, next: NextFunction) => {
  log.warn({ reason: err.message, path: req.path, ip: req.ip, agent: req.get('user-agent') }, 'request refused');
  res.status(err.status).json({ error: 'unauthorized' });
});
