import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { ControlAnswer } from './control/control.ts'
import { controlApi } from './control/control-api.ts'
import type { Notifier } from './delivery/notifier.ts'
import { settleDueRefunds } from './delivery/refund-clock.ts'
import type { SecureIdentity } from './engine/authority.ts'
import type { PlannedFault } from './engine/fault-plan.ts'
import { payOrder } from './engine/orders.ts'
import { dripBody, spoilAnswer } from './misbehaviour.ts'
import { type Loss, passNetwork } from './network-jitter.ts'
import { type Answer, type Call, type Handled, type Listener, type Protocol, subjectOf } from './protocol/exchange.ts'
import { miniProgramProtocol } from './protocol/mini-program/mini-program-protocol.ts'
import { v2Protocol } from './protocol/v2/v2-protocol.ts'
import { v3Protocol } from './protocol/v3/v3-protocol.ts'
import { clientCertificateOf, resetConnection, secureServer } from './secure-server.ts'
import type { World } from './world.ts'

const bodyLengthMax = 1_048_576
const callFaults = [
  'call.timeout-before',
  'call.timeout-after',
  'call.system-error',
  'call.bad-body',
  'call.slow-body',
  'call.frequency-limited',
  'call.reset',
]

/** Where the simulator is reached, each without a final slash. */
export interface Addresses {
  readonly url: string
  /** The backup host, if there is one. */
  readonly secondUrl?: string
  /** The https port that asks for client certificates, and the authority that vouches for it. */
  readonly secureUrl: string
  readonly caPem: string
}

/** The running servers. */
export interface RunningServer extends Addresses {
  close(): Promise<void>
}

/** Where to listen. Port 0 takes a free one. */
export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly securePort: number
  readonly secondPort: number | undefined
  readonly identity: SecureIdentity
}

/** Serves all of WeChat's hosts and the control API on loopback. Rejects when a port is taken. */
export async function serve(
  world: World,
  notifier: Notifier,
  { host, port, securePort, secondPort, identity }: ListenOptions,
  log: (line: string) => void,
): Promise<RunningServer> {
  let begin: (handler: RequestHandler) => void = () => {}
  // A request may come in before the last of the ports is open.
  const ready = new Promise<RequestHandler>((resolve) => {
    begin = resolve
  })
  const serveOn = (server: Server, listener: Listener): Server =>
    server.on('request', (request, response) => {
      const handled = ready.then((handler) => handler.handle(request, response, listener))
      handled.catch((error: unknown) => {
        const [path] = (request.url ?? '').split('?')
        log(`${request.method} ${path}: ${error instanceof Error ? error.stack : String(error)}`)
        if (response.headersSent) response.destroy()
        else response.writeHead(500).end()
      })
    })
  const opened: Listening[] = []
  const open = async (server: Server, listener: Listener, wanted: number): Promise<string> => {
    const listening = await listen(serveOn(server, listener), host, wanted)
    opened.push(listening)
    return `${host.includes(':') ? `[${host}]` : host}:${listening.port}`
  }
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((listening) => listening.close()))
  }
  try {
    const url = `http://${await open(createServer({ keepAliveTimeout: 30_000 }), 'first', port)}`
    const secureUrl = `https://${await open(secureServer(world, identity), 'secure', securePort)}`
    const second =
      secondPort === undefined
        ? {}
        : { secondUrl: `http://${await open(createServer({ keepAliveTimeout: 30_000 }), 'second', secondPort)}` }
    const addresses = { url, secureUrl, caPem: identity.caPem, ...second }
    begin(new RequestHandler(world, notifier, addresses))
    return { ...addresses, close }
  } catch (error) {
    await close()
    throw error
  }
}

interface Listening {
  readonly port: number
  close(): Promise<void>
}

function listen(server: Server, host: string, port: number): Promise<Listening> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      const close = (): Promise<void> =>
        new Promise((done) => {
          server.close(() => done())
          server.closeAllConnections()
        })
      resolve({ port: (server.address() as AddressInfo).port, close })
    })
  })
}

class RequestHandler {
  readonly #world: World
  readonly #notifier: Notifier
  readonly #control: (call: Call) => Promise<ControlAnswer>
  readonly #protocols: readonly (readonly [prefix: RegExp, protocol: Protocol])[]

  constructor(world: World, notifier: Notifier, addresses: Addresses) {
    this.#world = world
    this.#notifier = notifier
    this.#control = controlApi(world, notifier, addresses)
    this.#protocols = [
      [/^\/v3\//, v3Protocol(world)],
      [/^\/(?:sns|cgi-bin|wxa)\//, miniProgramProtocol(world, () => notifier.wake())],
      [/^/, v2Protocol(world)],
    ]
  }

  async handle(request: IncomingMessage, response: ServerResponse, listener: Listener): Promise<void> {
    if (this.#cutOff(request, listener)) return
    const call = await readCall(request, listener)
    if (!call) {
      response.writeHead(413, { connection: 'close' }).end()
      return
    }
    settleDueRefunds(this.#world)
    if (call.path === '/_sim' || call.path.startsWith('/_sim/')) await this.#answerControl(call, response)
    else await this.#answerWeChat(call, response)
    // Whatever the call has set going falls due by itself from now on.
    if (call.method === 'POST') this.#notifier.wake()
  }

  /** Plays host.down and call.reset-while-sending: the connection ends before the request has been read. */
  #cutOff(request: IncomingMessage, host: Listener): boolean {
    const [path = ''] = (request.url ?? '').split('?')
    if (path === '/_sim' || path.startsWith('/_sim/')) return false
    if (!this.#world.faults.take({ path, host }, 'host.down', 'call.reset-while-sending')) return false
    resetConnection(request.socket)
    return true
  }

  async #answerControl(call: Call, response: ServerResponse): Promise<void> {
    const { status = 200, body, contentType, verdict, afterwards } = await this.#control(call)
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const headers = { 'content-type': contentType ?? 'application/json; charset=utf-8' }
    const answer = { status, headers, body: text }
    if (verdict) this.#record(call, answer, verdict, [])
    send(response, answer)
    afterwards?.()
  }

  async #answerWeChat(call: Call, response: ServerResponse): Promise<void> {
    const subject = subjectOf(call, this.#world.books)
    const fault = this.#world.faults.take(subject, ...callFaults)
    const protocol = this.#protocols.find(([prefix]) => prefix.test(call.path))?.[1] ?? v2Protocol(this.#world)
    const loss = await passNetwork(this.#world, subject)
    const cut = cutOf(fault, loss)
    const played = [...(fault ? [fault.name] : []), ...(loss ? ['network.jitter'] : [])]
    if (cut?.when === 'before') {
      this.#record(call, silence, { ok: false, code: 'no_answer' }, played)
      if (cut.reset) resetConnection(response.socket)
      return
    }
    const handled = await this.#work(protocol, call, fault)
    if (handled.operation && handled.mchid && handled.outTradeNo) {
      this.#world.callCounts.add(handled.operation, handled.mchid, handled.outTradeNo)
    }
    if (handled.operation && handled.mchid && handled.outRefundNo) {
      this.#world.refundCallCounts.add(handled.operation, handled.mchid, handled.outRefundNo)
    }
    const early = await this.#payBeforeAnswer(call, handled)
    const names = [...played, ...early]
    if (cut) {
      this.#record(call, { ...handled.answer, status: 0 }, handled.verdict, names)
      if (cut.reset) resetConnection(response.socket)
    } else {
      await this.#sendSpoilt(call, response, handled, fault, names)
    }
    handled.afterwards?.()
  }

  async #work(protocol: Protocol, call: Call, fault: PlannedFault | undefined): Promise<Handled> {
    if (fault?.name === 'call.frequency-limited') return protocol.fail(call, 'frequency-limited')
    if (fault?.name !== 'call.system-error') return protocol.handle(call)
    if (fault.options['effect'] === true) await protocol.handle(call)
    return protocol.fail(call, 'system-error')
  }

  /** Plays notify.before-answer: a successful prepay call is paid and notified before it is answered. */
  async #payBeforeAnswer(call: Call, { verdict, operation, mchid = '', outTradeNo = '' }: Handled): Promise<string[]> {
    if (!verdict.ok || (operation !== 'jsapi' && operation !== 'unifiedorder')) return []
    if (!this.#world.faults.take({ path: call.path, mchid, outTradeNo }, 'notify.before-answer')) return []
    const order = this.#world.books.orders.get(mchid, outTradeNo)
    const notification = order && payOrder(this.#world, order)
    if (notification) await this.#notifier.deliverNow(notification)
    return ['notify.before-answer']
  }

  async #sendSpoilt(
    call: Call,
    response: ServerResponse,
    { answer, verdict }: Handled,
    fault: PlannedFault | undefined,
    names: string[],
  ): Promise<void> {
    const sent = fault?.name === 'call.bad-body' ? spoilAnswer(answer, fault.options) : answer
    this.#record(call, sent, verdict, names)
    if (fault?.name === 'call.slow-body') await dripBody(response, sent, Number(fault.options['bytes_per_second']))
    else send(response, sent)
  }

  #record(call: Call, answer: Answer, verdict: Handled['verdict'], faults: readonly string[]): void {
    const headers = Object.entries(call.headers).map(([name, value]) => [name, String(value)] as const)
    this.#world.requests.add({
      atMs: this.#world.clock.nowMs(),
      direction: 'in',
      method: call.method,
      path: call.target,
      headers: Object.fromEntries(headers),
      requestBody: call.text,
      status: answer.status,
      responseHeaders: answer.headers,
      responseBody: answer.body,
      verdict,
      faults,
    })
  }
}

/** Whether a call gets no answer: without having had its effect, or after it; in silence or with a reset. */
interface Cut {
  readonly when: 'before' | 'after'
  readonly reset: boolean
}

function cutOf(fault: PlannedFault | undefined, loss: Loss): Cut | undefined {
  if (fault?.name === 'call.reset')
    return { when: fault.options['when'] === 'before' ? 'before' : 'after', reset: true }
  if (fault?.name === 'call.timeout-before') return { when: 'before', reset: false }
  if (fault?.name === 'call.timeout-after') return { when: 'after', reset: false }
  return loss && { when: loss, reset: false }
}

const silence: Answer = { status: 0, headers: {}, body: '' }

function send(response: ServerResponse, { status, headers, body }: Answer): void {
  const length = status === 204 ? {} : { 'content-length': String(Buffer.byteLength(body)) }
  response.writeHead(status, { ...headers, ...length }).end(body)
}

/** Reads the whole request; `undefined` when the body is larger than any that WeChat takes. */
async function readCall(request: IncomingMessage, listener: Listener): Promise<Call | undefined> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length > bodyLengthMax) return undefined
    chunks.push(chunk)
  }
  const raw = Buffer.concat(chunks)
  const target = request.url ?? '/'
  const mark = target.indexOf('?')
  const clientCertificate = clientCertificateOf(request)
  return {
    listener,
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    method: request.method ?? 'GET',
    target,
    path: mark < 0 ? target : target.slice(0, mark),
    query: new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1)),
    headers: request.headers,
    raw,
    text: raw.toString('utf8'),
  }
}
