import type { FastifyInstance } from 'fastify'
import Type from 'typebox'
import type { HttpPorts } from './ports.ts'
import { problem } from './problem.ts'

/** `GET /healthz`: the process lives. `GET /readyz`: it can also reach its database. */
export function healthRoutes(app: FastifyInstance, ports: HttpPorts): void {
  const ok = Type.Object({ status: Type.Literal('ok') })
  app.get(
    '/healthz',
    { schema: { summary: 'The process lives', tags: ['health'], response: { 200: ok } }, logLevel: 'warn' },
    () => ({
      status: 'ok',
    }),
  )
  app.get(
    '/readyz',
    { schema: { summary: 'It can take requests', tags: ['health'] }, logLevel: 'warn' },
    async (request, reply) => {
      if (await ports.isReady()) return { status: 'ok' }
      return reply
        .code(503)
        .type('application/problem+json')
        .send(problem('database_unavailable', '', request.id))
    },
  )
}
