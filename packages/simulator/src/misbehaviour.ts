import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultOptions } from './engine/fault-plan.ts'
import type { Answer } from './protocol/exchange.ts'

const html =
  '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>'

/** Plays call.bad-body: an answer that no client can use. */
export function spoilAnswer(answer: Answer, { kind, status }: FaultOptions): Answer {
  const spoilt = { ...answer, status: Number(status) }
  if (kind === 'half') return { ...spoilt, body: answer.body.slice(0, Math.ceil(answer.body.length / 2)) }
  if (kind === 'empty') return { ...spoilt, body: '' }
  return { status: Number(status), headers: { 'content-type': 'text/html' }, body: html }
}

/** Plays call.slow-body: the head at once, then so many bytes a second until the end or until the client has enough. */
export async function dripBody(response: ServerResponse, answer: Answer, bytesPerSecond: number): Promise<void> {
  const bytes = Buffer.from(answer.body)
  response.writeHead(answer.status, { ...answer.headers, 'content-length': String(bytes.length) })
  response.flushHeaders()
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  for (let at = 0; at < bytes.length; at += bytesPerSecond) {
    response.write(bytes.subarray(at, at + bytesPerSecond))
    await sleep(1000, undefined, { signal: gone.signal }).catch(() => {})
    if (gone.signal.aborted) return
  }
  response.end()
}
