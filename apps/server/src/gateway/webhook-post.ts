import { lookup as resolve } from 'node:dns'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { isWebhookAddress, webhookUrlProblem } from '../domain/webhook-url.ts'
import type { WebhookPoster } from '../ports.ts'

const timeLimitMs = 5_000
const answerBytesMax = 64 * 1024

export interface WebhookPostOptions {
  /** Lets webhooks go to this machine, over http too; never in production. */
  allowLoopback: boolean
  /** Milliseconds since the epoch. */
  clock: () => number
  /** Resolves a name. Default: the system's. */
  lookup?: typeof resolve
}

/**
 * Posts to addresses that others chose (A51): only to the public internet, and the address that was checked is the one
 * that is connected to, so that a name cannot change its meaning in between. No redirect is followed, an answer is read
 * up to 64 KiB, and all of it takes 5 s at most.
 */
export function createWebhookPoster({ allowLoopback, clock, lookup = resolve }: WebhookPostOptions): WebhookPoster {
  const guarded = guardedLookup(lookup, allowLoopback)
  return {
    async post(url, headers, body) {
      const startedAt = clock()
      const durationMs = () => Math.max(0, Math.round(clock() - startedAt))
      const problem = webhookUrlProblem(url, allowLoopback)
      if (problem !== undefined) return { error: problem, durationMs: 0 }
      try {
        return { status: await exchange(new URL(url), headers, body, guarded), durationMs: durationMs() }
      } catch (error) {
        return { error: explain(error), durationMs: durationMs() }
      }
    },
  }
}

class AddressRefused extends Error {}

/** Every address of the name must be a public one: a name that has both kinds is up to something. */
function guardedLookup(lookup: typeof resolve, allowLoopback: boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = addresses ?? []
      if (error !== null || first === undefined) return callback(error ?? new Error('no address'), [])
      if (addresses.some(({ address }) => !isWebhookAddress(address, allowLoopback)))
        return callback(new AddressRefused('the name leads to an address that is not on the public internet'), [])
      return options.all === true ? callback(null, addresses) : callback(null, first.address, first.family)
    })
  }
}

function exchange(url: URL, headers: Record<string, string>, body: string, lookup: LookupFunction): Promise<number> {
  const signal = AbortSignal.timeout(timeLimitMs)
  const bytes = Buffer.from(body)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const options: RequestOptions = {
    method: 'POST',
    host,
    port: url.port,
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, host: url.host, 'content-length': bytes.length },
    // A connection of its own each time: a kept one may lead to an address that is not the name's any more.
    agent: false,
    maxHeaderSize: 16 * 1024,
    lookup,
    signal,
    ...(isIP(host) === 0 ? { servername: host } : {}),
  }
  return new Promise((done, fail) => {
    const request = (url.protocol === 'https:' ? httpsRequest : httpRequest)(options, (answer) => {
      let size = 0
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length
        if (size > answerBytesMax) answer.destroy(new Error('the answer is larger than 64 KiB'))
      })
      answer.on('end', () => done(answer.statusCode ?? 0))
      answer.on('error', fail)
    })
    request.on('error', fail)
    // Not all that ends a request is told as its error or answer: after HTTP 101 (Switching Protocols) nothing comes.
    signal.addEventListener('abort', () => fail(signal.reason))
    request.end(bytes)
  })
}

/** What the log of deliveries says: why, in one line, and nothing of what was sent. */
function explain(error: unknown): string {
  const { name, code, message } = error as NodeJS.ErrnoException
  if (name === 'AbortError' || name === 'TimeoutError') return 'no answer within 5 s'
  if (error instanceof AddressRefused) return error.message
  return (code ?? message).slice(0, 200)
}
