import { createServer, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** What stands in front of several servers: a request goes to one of them, or to the next where nobody listens. */
export interface LoadBalancer {
  url: string
  targets: string[]
  /** Answers of 500 and above, and connections that broke under a request. */
  failures: string[]
  close(): Promise<void>
}

type Answer = { status: number; headers: IncomingHttpHeaders; body: Buffer }

export async function startLoadBalancer(): Promise<LoadBalancer> {
  let turn = 0
  const balancer: LoadBalancer = {
    url: '',
    targets: [],
    failures: [],
    close: () =>
      new Promise((done) => {
        server.close(() => done())
        server.closeAllConnections()
      }),
  }
  const server = createServer(async (request, response) => {
    const answer = await answerOf(balancer, turn++, request, await buffer(request))
    if (answer.status >= 500) balancer.failures.push(`${request.url}: ${answer.status} ${answer.body}`)
    response.writeHead(answer.status, answer.headers).end(answer.body)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  balancer.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return balancer
}

async function answerOf(
  { targets }: LoadBalancer,
  turn: number,
  request: IncomingMessage,
  body: Buffer,
): Promise<Answer> {
  const inTurn = targets.map((_, index) => targets[(turn + index) % targets.length] ?? '')
  for (const target of inTurn) {
    try {
      return await forward(target, request, body)
    } catch (error) {
      // Only what was never sent may go to another one.
      if ((error as { syscall?: string }).syscall !== 'connect')
        return { status: 502, headers: {}, body: Buffer.from(String(error)) }
    }
  }
  return { status: 503, headers: {}, body: Buffer.from('nobody listens') }
}

/** On a connection of its own: an idle one may be closed at the moment it is used. */
function forward(target: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Answer> {
  return new Promise((done, fail) => {
    const passed = httpRequest(new URL(url ?? '/', target), { method: method ?? 'GET', headers, agent: false })
    passed.on('error', fail)
    passed.on('response', (answer) => {
      buffer(answer).then(
        (bytes) => done({ status: answer.statusCode ?? 502, headers: answer.headers, body: bytes }),
        fail,
      )
    })
    passed.end(body)
  })
}
