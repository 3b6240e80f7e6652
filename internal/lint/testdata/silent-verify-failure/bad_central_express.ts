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
  try {
    const token = req.headers.authorization!.split(' ')[1];
    res.locals.user = jwt.verify(token, process.env.JWT_SECRET!, { algorithms: ['HS256'] });
    next();
  } catch (e) { // want silent-verify-failure
    next(new AuthError(401, 'invalid token'));
  }
}

app.get('/me', authenticate, (req, res) => {
  res.json(res.locals.user);
});

// Only what is not an AuthError is recorded.
app.use((err: Error, req: Request, res: Response, next: NextFunction) => {
  if (err instanceof AuthError) {
    return res.status(err.status).json({ error: err.message });
  }
  log.error({ err, path: req.path, ip: req.ip }, 'unexpected');
  res.status(500).json({ error: 'internal' });
});
