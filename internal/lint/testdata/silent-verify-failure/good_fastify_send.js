const fastify = require('fastify')({ logger: true });

fastify.register(require('@fastify/jwt'), { secret: process.env.JWT_SECRET });

// An error that is sent goes to Fastify's own handler, which writes it with the
// logger that is on.
fastify.get('/me', async (request, reply) => {
  try {
    await request.jwtVerify({ algorithms: ['HS256'] });
  } catch (err) {
    return reply.send(err);
  }
  return { sub: request.user.sub };
});

fastify.listen({ port: 3000 });
