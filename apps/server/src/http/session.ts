import type { FastifyInstance, FastifyRequest } from 'fastify'
import { authenticate } from '../commands/authenticate.ts'
import type { Session } from '../domain/session.ts'
import type { HttpPorts } from './ports.ts'

const sessions = new WeakMap<FastifyRequest, Session>()

/** Every route of this scope needs a session; it is looked at before the body (A48). */
export function requireSession(app: FastifyInstance, ports: HttpPorts): void {
  app.addHook('onRequest', async (request) => {
    sessions.set(request, await authenticate(ports, request.headers.authorization))
  })
}

/** Who sends this request. @throws Error in a route outside {@link requireSession} */
export function sessionOf(request: FastifyRequest): Session {
  const session = sessions.get(request)
  if (session === undefined) throw new Error('this route is not under requireSession')
  return session
}
