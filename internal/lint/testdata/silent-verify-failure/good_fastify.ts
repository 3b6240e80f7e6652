import Fastify, { FastifyReply, FastifyRequest } from 'fastify';
import jwt from 'jsonwebtoken';

const app = Fastify({ logger: true });

async function authenticate(request: FastifyRequest, reply: FastifyReply) {
  const header = request.headers.authorization;
  if (!header) {
    request.log.warn({ ip: request.ip, url: request.url, agent: request.headers['user-agent'] }, 'token missing');
    return reply.code(401).send({ error: 'unauthorized' });
  }
  try {
    (request as any).user = jwt.verify(header.slice(7), process.env.JWT_SECRET!, { algorithms: ['HS256'] });
  } catch (err) {
    request.log.warn({ err, ip: request.ip, url: request.url, agent: request.headers['user-agent'] }, 'token refused');
    return reply.code(401).send({ error: 'unauthorized' });
  }
}

app.get('/me', { preHandler: authenticate }, async (request) => (request as any).user);

app.listen({ port: 3000 });
