const Koa = require('koa');
const Router = require('@koa/router');
const jwt = require('jsonwebtoken');
const winston = require('winston');

const logger = winston.createLogger({ transports: [new winston.transports.Console()] });
const app = new Koa();
const router = new Router();

function refuse(ctx, reason) {
  logger.warn('token refused', { reason, ip: ctx.ip, path: ctx.path, agent: ctx.get('user-agent') });
  ctx.status = 401;
  ctx.body = { error: 'unauthorized' };
}

async function authenticate(ctx, next) {
  const header = ctx.get('Authorization');
  if (!header) {
    return refuse(ctx, 'missing');
  }
  let claims;
  try {
    claims = jwt.verify(header.slice(7), process.env.JWT_SECRET, { algorithms: ['HS256'] });
  } catch (err) {
    return refuse(ctx, err.name);
  }
  ctx.state.user = claims;
  await next();
}

router.get('/me', authenticate, (ctx) => {
  ctx.body = ctx.state.user;
});

app.use(router.routes());
app.listen(3000);
