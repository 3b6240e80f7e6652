const Koa = require('koa');
const Router = require('@koa/router');
const jwt = require('jsonwebtoken');

const app = new Koa();
const router = new Router();

async function authenticate(ctx, next) {
  let claims;
  try {
    claims = jwt.verify(ctx.get('Authorization').slice(7), process.env.JWT_SECRET, { algorithms: ['HS256'] });
  } catch (err) { // want silent-verify-failure
    ctx.status = 401;
    ctx.body = { error: 'unauthorized' };
    return;
  }
  ctx.state.user = claims;
  await next();
}

router.get('/me', authenticate, (ctx) => {
  ctx.body = ctx.state.user;
});

app.use(router.routes());
app.listen(3000);
