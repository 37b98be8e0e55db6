import type { IncomingMessage, ServerResponse } from 'node:http'

/** Refuses a request in plain words; `code` is stable. */
export class RequestRefusedError extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string, message: string) {
    super(message)
    this.status = status
    this.code = code
  }
}

const bodyLengthMax = 16 * 1_048_576

/** Reads a JSON object. Throws {@link RequestRefusedError} when it is none or is longer than 16 MiB. */
export async function readJson(request: IncomingMessage): Promise<Record<string, unknown>> {
  const body = await readBody(request)
  try {
    const value: unknown = body.length === 0 ? {} : JSON.parse(body.toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Told below, as every other body that is no object.
  }
  throw new RequestRefusedError(400, 'bad_json', 'the body must be a JSON object')
}

/** Reads the whole body. Throws {@link RequestRefusedError} when it is longer than 16 MiB. */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyLengthMax) throw new RequestRefusedError(413, 'body_too_long', 'the body is longer than 16 MiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  send(response, status, 'application/json; charset=utf-8', JSON.stringify(body))
}

export function send(response: ServerResponse, status: number, contentType: string, body: string | Uint8Array): void {
  response
    .writeHead(status, {
      'content-type': contentType,
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
    })
    .end(body)
}
