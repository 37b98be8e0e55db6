import type { FastifyInstance } from 'fastify'
import { problem } from './problem.ts'

/** Tells an unknown address (404) from a known one asked with the wrong method (405, with the allow header). */
export function addNotFound(app: FastifyInstance): void {
  const methodsByPattern = new Map<string, { pattern: RegExp; methods: Set<string> }>()
  app.addHook('onRoute', ({ url, method }) => {
    const pattern = new RegExp(`^${url.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/:[a-z_]+/g, '[^/]+')}$`)
    const entry = methodsByPattern.get(url) ?? { pattern, methods: new Set<string>() }
    for (const name of Array.isArray(method) ? method : [method]) entry.methods.add(name)
    methodsByPattern.set(url, entry)
  })
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    const methods = [...methodsByPattern.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((entry) => [...entry.methods])
    const body = problem(methods.length > 0 ? 'method_not_allowed' : 'not_found', '', request.id)
    if (methods.length > 0) reply.header('allow', [...new Set(methods)].join(', '))
    return reply.code(body.status).type('application/problem+json').send(body)
  })
}
