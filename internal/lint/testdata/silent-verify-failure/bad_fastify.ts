import Fastify, { FastifyReply, FastifyRequest } from 'fastify';
import jwt from 'jsonwebtoken';

const app = Fastify();

async function authenticate(request: FastifyRequest, reply: FastifyReply) {
  try {
    const token = request.headers.authorization!.slice(7);
    (request as any).user = jwt.verify(token, process.env.JWT_SECRET!, { algorithms: ['HS256'] });
  } catch (err) { // want silent-verify-failure
    return reply.code(401).send({ error: 'unauthorized' });
  }
}

app.get('/me', { preHandler: authenticate }, async (request) => (request as any).user);

app.listen({ port: 3000 });
