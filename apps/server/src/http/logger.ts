import type { FastifyBaseLogger } from 'fastify'
import { type DestinationStream, type LoggerOptions, pino } from 'pino'

export type Logger = FastifyBaseLogger

/**
 * Structured logs, one JSON object a line. A request is written with method, path without its query, and caller;
 * headers, bodies, tokens and keys are never handed to it, so that none can be forgotten (I23, A61).
 */
export function createLogger(level: string, destination: DestinationStream = pino.destination()): Logger {
  const options: LoggerOptions = {
    level,
    redact: ['authorization', '*.authorization', 'token', '*.token', 'body', '*.body', 'headers', '*.headers'],
    serializers: {
      req: (request: { method: string; url: string; ip: string }) => ({
        method: request.method,
        path: request.url.split('?')[0],
        ip: request.ip,
      }),
      res: (reply: { statusCode: number }) => ({ status: reply.statusCode }),
    },
  }
  return pino(options, destination)
}
