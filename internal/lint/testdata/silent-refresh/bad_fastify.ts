import Fastify from 'fastify';
import rateLimit from '@fastify/rate-limit';
import jwt from 'jsonwebtoken';

const app = Fastify();
app.register(rateLimit, { max: 10, timeWindow: '1 minute' });

app.post('/refresh', async (request, reply) => { // want silent-refresh
  const { refreshToken } = request.body as { refreshToken: string };
  try {
    const claims = jwt.verify(refreshToken, process.env.REFRESH_SECRET!, { algorithms: ['HS256'] });
    return { access: jwt.sign({ sub: claims.sub }, process.env.ACCESS_SECRET!, { expiresIn: '15m' }) };
  } catch (err) {
    return reply.code(401).send({ error: 'unauthorized' });
  }
});

app.listen({ port: 3000 });
