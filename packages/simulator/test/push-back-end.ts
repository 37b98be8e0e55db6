import assert from 'node:assert/strict'
import { createDecipheriv, createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Json } from './wechat-client.ts'

// A back end that takes message pushes, written for these tests alone: it shares no code with the simulator.

/** A push as it arrived. */
export interface Pushed {
  readonly query: URLSearchParams
  readonly body: string
}

export interface PushBackEnd {
  readonly url: string
  readonly pushed: Pushed[]
  /** The GET of the URL check. */
  readonly checks: URLSearchParams[]
  /** What a push is answered with; `undefined` is silence. */
  answer: { readonly status: number; readonly body: string } | undefined
  /** What the URL check is answered with; `undefined` is the echostr. */
  echo: string | undefined
  close(): Promise<void>
}

export async function startPushBackEnd(): Promise<PushBackEnd> {
  const server = createServer(async (request, response) => {
    const query = new URL(request.url ?? '', 'http://back-end').searchParams
    let body = ''
    for await (const chunk of request.setEncoding('utf8')) body += chunk
    if (request.method === 'GET') {
      backEnd.checks.push(query)
      response.end(backEnd.echo ?? query.get('echostr'))
      return
    }
    backEnd.pushed.push({ query, body })
    if (backEnd.answer) response.writeHead(backEnd.answer.status).end(backEnd.answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const backEnd: PushBackEnd = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/push`,
    pushed: [],
    checks: [],
    answer: { status: 200, body: 'success' },
    echo: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return backEnd
}

export const sha1Sorted = (...parts: string[]): string => createHash('sha1').update(parts.sort().join('')).digest('hex')

/** Whether the query's `signature`, and in the encrypted modes `msg_signature`, are right under the Token. */
export function isSigned({ query, body }: Pushed, token: string): boolean {
  const [timestamp, nonce] = [query.get('timestamp') ?? '', query.get('nonce') ?? '']
  const encrypt = encryptOf(body)
  const plain = query.get('signature') === sha1Sorted(token, timestamp, nonce)
  return encrypt === undefined
    ? plain
    : plain && query.get('msg_signature') === sha1Sorted(token, timestamp, nonce, encrypt)
}

export const encryptOf = (body: string): string | undefined =>
  body.startsWith('<')
    ? /<Encrypt><!\[CDATA\[(.*?)\]\]><\/Encrypt>/s.exec(body)?.[1]
    : ((JSON.parse(body) as Json)['Encrypt'] as string | undefined)

/** Opens `Encrypt`; checks padding and appid. */
export function open({ body }: Pushed, encodingAesKey: string, appid: string): string {
  const key = Buffer.from(`${encodingAesKey}=`, 'base64')
  const decipher = createDecipheriv('aes-256-cbc', key, key.subarray(0, 16)).setAutoPadding(false)
  const padded = Buffer.concat([decipher.update(encryptOf(body) ?? '', 'base64'), decipher.final()])
  const padding = padded.at(-1) ?? 0
  assert.ok(padding >= 1 && padding <= 32 && padded.length % 32 === 0)
  const plain = padded.subarray(0, -padding)
  const end = 20 + plain.readUInt32BE(16)
  assert.equal(plain.subarray(end).toString(), appid)
  return plain.subarray(20, end).toString()
}
