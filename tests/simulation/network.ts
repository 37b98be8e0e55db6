import type { PostOutcome } from '@fenpay/simulator'
import type { Wechat } from '../support/shop.ts'
import type { Dice } from './dice.ts'
import type { Plan } from './plan.ts'
import type { Scheduler } from './scheduler.ts'
import type { TimeLine } from './time-line.ts'

/** A message of WeChat's on its way to us. */
export interface Message {
  path: string
  headers: Record<string, string>
  body: Uint8Array
}

interface Parts {
  scheduler: Scheduler
  dice: Dice
  timeLine: TimeLine
  wechat: () => Wechat
  secureFetch: () => typeof fetch
  /** Gives the message to some process, and tells its answer; undefined when the process died over it. */
  receive: (message: Message) => Promise<{ status: number; body: string } | undefined>
}

/** What may become of a call besides arriving and being answered. */
type Fate = { answer: 'never sent' | 'lost' | 'timed out' | 'done, then lost' } | { fault: string; options?: object }

const lies = ['query.lag', 'query.not-exist', 'query.userpaying', 'close.success-but-notpay']
const losses = ['never sent', 'lost', 'timed out', 'done, then lost', 'done, then lost'] as const
const errors: Extract<Fate, { fault: string }>[] = [
  { fault: 'call.system-error' },
  { fault: 'call.system-error', options: { effect: true } },
  { fault: 'call.frequency-limited' },
  { fault: 'call.bad-body', options: { kind: 'html', status: 502 } },
  { fault: 'call.bad-body', options: { kind: 'empty', status: 200 } },
  { fault: 'call.bad-body', options: { kind: 'half', status: 200 } },
  { fault: 'response.sign-probe' },
  { fault: 'response.unsigned' },
  { fault: 'response.wrong-key' },
]
const refundFaults: Extract<Fate, { fault: string }>[] = [
  { fault: 'refund.system-error' },
  { fault: 'refund.system-error', options: { effect: true } },
  { fault: 'refund.not-enough' },
  { fault: 'refund.abnormal' },
  { fault: 'refund.closed' },
]
const oddNotifications = ['notify.amount', 'notify.forged', 'notify.sign-probe', 'notify.stale', 'notify.unknown-order']

export const noFaults: Plan['faults'] = {
  loss: 0,
  error: 0,
  lie: 0,
  notifyLoss: 0,
  notifyDuplicate: 0,
  notifyOdd: 0,
  crash: 0,
  latePayment: 0,
  refund: 0,
  clientLoss: 0,
}

/** Between us and WeChat, both ways: every message waits at a gate, and the seed says what becomes of it. */
export class Network {
  readonly #parts: Parts
  /** What was posted before, to be replayed byte for byte (A24). */
  readonly #posted: Message[] = []
  /** Notifications that WeChat is delivering: it does not begin with one twice at once. */
  readonly #onTheWay = new Set<string>()
  /** What goes wrong at present. */
  faults: Plan['faults'] = noFaults
  /** Messages about an order that there never was (F6). */
  unknownOrdersTold = 0

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** The `fetch` of the processes. */
  readonly fetch: typeof fetch = (input, init) => this.#call(fetch, input, init)

  /** The same over mutual TLS. */
  readonly secureFetch: typeof fetch = (input, init) => this.#call(this.#parts.secureFetch(), input, init)

  async #call(send: typeof fetch, ...[input, init]: Parameters<typeof fetch>): Promise<Response> {
    const { scheduler, dice, timeLine } = this.#parts
    const path = new URL(String(input)).pathname
    // Several tasks wait for one download of the certificates: it is nobody's step.
    if (path === '/v3/certificates') return send(input, init)
    await scheduler.pausing(() => scheduler.gate(`${init?.method} ${path}`, new TypeError('the process died')))
    const { faults } = this
    const fate = dice.weigh<Fate | undefined>([
      [Math.max(0, 1 - faults.loss - faults.error - faults.lie), undefined],
      [faults.loss, { answer: dice.pick(losses) }],
      [faults.error, dice.pick(errors)],
      [faults.lie, { fault: dice.pick(lies) }],
      [path.includes('/refund') && init?.method === 'POST' ? faults.refund : 0, dice.pick(refundFaults)],
    ])
    if (fate === undefined) return send(input, init)
    if ('fault' in fate) return this.withFault(fate, () => send(input, init))
    timeLine.tell(`  ${fate.answer}`)
    if (fate.answer === 'done, then lost') await (await send(input, init)).arrayBuffer()
    throw failure(fate.answer)
  }

  /** How the simulated WeChat posts its notifications. */
  async post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<PostOutcome> {
    const message = { path: new URL(url).pathname, headers: lowerCase(headers), body: Buffer.from(body) }
    this.#posted.push(message)
    return this.#parts.scheduler.pausing(() => this.#deliver(message))
  }

  /** Has the simulated WeChat deliver one notification, which may be something else this time. */
  async deliver(id: string): Promise<void> {
    if (this.#onTheWay.has(id)) return
    this.#onTheWay.add(id)
    const { scheduler, dice, timeLine } = this.#parts
    const deliver = () => this.#parts.wechat().control<unknown>('/_sim/notify/resend', { id })
    const odd = dice.happens(this.faults.notifyOdd) ? dice.pick(oddNotifications) : undefined
    await scheduler.during(async () => {
      if (odd === undefined) return deliver()
      timeLine.tell(`  ${odd}`)
      if (odd === 'notify.unknown-order') this.unknownOrdersTold++
      return this.withFault({ fault: odd }, deliver)
    })
    this.#onTheWay.delete(id)
  }

  /** The very bytes of an earlier message once more. */
  async replay(): Promise<void> {
    if (this.#posted.length > 0) await this.#parts.receive(this.#parts.dice.pick(this.#posted))
  }

  async #deliver(message: Message): Promise<PostOutcome> {
    const { dice, timeLine, receive } = this.#parts
    const isLost = dice.happens(this.faults.notifyLoss)
    const isAnswerLost = isLost && dice.happens(0.5)
    if (isLost && !isAnswerLost) {
      timeLine.tell('  the notification is lost')
      return { kind: 'timeout', detail: 'lost' }
    }
    const copies = dice.happens(this.faults.notifyDuplicate) ? dice.integer(2, 3) : 1
    const [answer] = await Promise.all(Array.from({ length: copies }, () => receive(message)))
    if (answer === undefined) return { kind: 'unreachable', detail: 'the process died' }
    if (isAnswerLost) timeLine.tell('  the answer to the notification is lost')
    if (isAnswerLost) return { kind: 'timeout', detail: 'the answer is lost' }
    return { kind: 'answered', status: answer.status, headers: {}, body: answer.body }
  }

  async withFault<Result>({ fault, options }: { fault: string; options?: object }, work: () => Promise<Result>) {
    const wechat = this.#parts.wechat()
    this.#parts.timeLine.tell(`  ${fault}${options === undefined ? '' : ` ${JSON.stringify(options)}`}`)
    await wechat.fault(fault, options === undefined ? {} : { options })
    try {
      return await work()
    } finally {
      await wechat.clearFaults()
    }
  }
}

function failure(answer: 'never sent' | 'lost' | 'timed out' | 'done, then lost'): Error {
  const code = { 'never sent': 'ECONNREFUSED', lost: 'ECONNRESET', 'timed out': 'UND_ERR_HEADERS_TIMEOUT' } as const
  const cause = Object.assign(new Error(answer), { code: answer === 'done, then lost' ? 'ECONNRESET' : code[answer] })
  return new TypeError('fetch failed', { cause })
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
