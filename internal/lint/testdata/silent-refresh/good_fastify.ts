import Fastify from 'fastify';
import rateLimit from '@fastify/rate-limit';
import jwt from 'jsonwebtoken';

const app = Fastify({ logger: true });
app.register(rateLimit, { max: 10, timeWindow: '1 minute' });

app.post('/refresh', async (request, reply) => {
  const { refreshToken } = request.body as { refreshToken: string };
  try {
    const claims = jwt.verify(refreshToken, process.env.REFRESH_SECRET!, { algorithms: ['HS256'] });
    const access = jwt.sign({ sub: claims.sub }, process.env.ACCESS_SECRET!, { expiresIn: '15m' });
    request.log.info({ sub: claims.sub, ip: request.ip }, 'token refreshed');
    return { access };
  } catch (err) {
    request.log.warn({ err, ip: request.ip, url: request.url }, 'refresh refused');
    return reply.code(401).send({ error: 'unauthorized' });
  }
});

app.listen({ port: 3000 });
