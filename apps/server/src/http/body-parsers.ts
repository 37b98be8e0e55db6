import formbody from '@fastify/formbody'
import type { FastifyInstance } from 'fastify'
import { Refusal } from '../domain/refusal.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/**
 * JSON is read from its bytes: strict UTF-8, one parser, `__proto__` refused (A60). A byte that is no UTF-8 would
 * otherwise be replaced in silence, and a remark would be stored that nobody wrote.
 */
export function addJsonParser(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.removeContentTypeParser(['application/json', 'text/plain'])
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    let text: string
    try {
      text = utf8.decode(body as Buffer)
    } catch {
      done(new Refusal('malformed_body', 'The body is not UTF-8.'))
      return
    }
    parse(request, text, done)
  })
}

/** Forms only where the contract says so. A name given twice arrives as an array, which the schemas refuse (A57). */
export async function addFormParser(app: FastifyInstance): Promise<void> {
  await app.register(formbody, { bodyLimit: 4096 })
}
