import type { Socket } from 'node:net'
import { numberFromBytes } from '../domain/number.ts'
import type { HttpPorts } from './ports.ts'
import { problem } from './problem.ts'

const rules: Record<string, { field: string; rule: string }> = {
  HPE_HEADER_OVERFLOW: { field: 'headers', rule: 'must have at most 16 KiB' },
  ERR_HTTP_REQUEST_TIMEOUT: { field: 'request', rule: 'must arrive within ten seconds' },
}

/**
 * Answers what never became a request: broken HTTP, two lengths for one body, too many headers, too slow (A57). There
 * is only the socket; it gets the same form of answer as everything else, and is closed.
 */
export function createClientErrorHandler(ports: Pick<HttpPorts, 'world' | 'logger'>) {
  return function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    const requestId = numberFromBytes(ports.world.randomBytes(16))
    const rule = rules[error.code ?? ''] ?? { field: 'request', rule: 'must be well-formed HTTP/1.1' }
    const answer = problem('invalid_request', '', requestId, { problems: [rule] })
    const body = JSON.stringify(answer)
    ports.logger.info({ reqId: requestId, code: answer.code, cause: error.code }, 'request refused')
    const head = [
      'HTTP/1.1 400 Bad Request',
      'content-type: application/problem+json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'cache-control: no-store',
      'x-content-type-options: nosniff',
      `x-request-id: ${requestId}`,
      'connection: close',
    ]
    socket.end(`${head.join('\r\n')}\r\n\r\n${body}`)
    socket.destroySoon()
  }
}
