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
  nowMs: () => number
  wechat: () => Wechat
  secureFetch: () => typeof fetch
  /** Begins a task that no process owns, which is over within some seconds of virtual time. */
  later: (name: string, work: () => Promise<void>) => void
  /** Gives the message to some process, and tells its answer; undefined when the process died over it. */
  receive: (message: Message) => Promise<{ status: number; body: string } | undefined>
}

/** What may become of a call besides arriving and being answered. */
type Answer = 'never sent' | 'lost' | 'timed out' | 'done, then lost' | 'timed out, and comes late'
type Fate = { answer: Answer } | Fault
interface Fault {
  fault: string
  options?: object
}

const lies = ['query.lag', 'query.not-exist', 'query.userpaying', 'close.success-but-notpay', 'close.paid-before']
const losses = ['never sent', 'lost', 'timed out', 'done, then lost', 'done, then lost'] as const
const errors: Fault[] = [
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
const refundFaults: Fault[] = [
  { fault: 'refund.system-error' },
  { fault: 'refund.system-error', options: { effect: true } },
  { fault: 'refund.not-enough' },
]
/** How a refund ends that WeChat has accepted. */
const refundEnds = ['refund.abnormal', 'refund.closed']
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
  outage: 0,
  late: 0,
  database: 0,
  clock: 0,
  webhook: 0,
  refusedButMade: 0,
}

/** What no gate waits for: several tasks wait for one download, so that it is nobody's step. */
const shared = ['/v3/certificates', '/cgi-bin/token', '/cgi-bin/stable_token']

/** Between us and WeChat, both ways: every message waits at a gate, and the seed says what becomes of it. */
export class Network {
  readonly #parts: Parts
  /** What was posted before, to be replayed byte for byte (A24). */
  readonly #posted: Message[] = []
  /** Notifications that WeChat is delivering: it does not begin with one twice at once. */
  readonly #onTheWay = new Set<string>()
  /** What goes wrong at present. */
  faults: Plan['faults'] = noFaults
  /** Until then nobody reaches WeChat, or hears of it. */
  #outageUntilMs = 0
  /** Refunds that WeChat refuses and makes all the same, or will when they come to it. */
  readonly refusedButMade = new Set<string>()
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
    if (shared.includes(path)) return send(input, init)
    await scheduler.pausing(() => scheduler.gate(`${init?.method} ${path}`, new TypeError('the process died')))
    const isRefund = path.includes('/refund') && init?.method === 'POST' && !path.includes('query')
    if (isRefund && dice.happens(this.faults.refund)) await this.#plan(dice.pick(refundEnds), String(init?.body))
    if (isRefund && dice.happens(this.faults.refusedButMade)) {
      this.refusedButMade.add(await this.#plan('refund.refused-but-made', String(init?.body)))
    }
    const fate = this.#fate(isRefund, init?.method === 'POST')
    if (fate === undefined) return send(input, init)
    if ('fault' in fate) return this.withFault(fate, () => send(input, init))
    timeLine.tell(`  ${fate.answer}`)
    timeLine.count(`answer ${fate.answer}`)
    if (fate.answer === 'done, then lost') await (await send(input, init)).arrayBuffer()
    if (fate.answer === 'timed out, and comes late') this.#sendLate(path, send, input, init)
    throw failure(fate.answer)
  }

  /** WeChat cannot be reached for so long. */
  fail(seconds: number): void {
    const { timeLine, nowMs } = this.#parts
    timeLine.tell(`WeChat cannot be reached for ${seconds} s`)
    timeLine.count('outage of WeChat')
    this.#outageUntilMs = nowMs() + seconds * 1000
  }

  heal(): void {
    this.faults = noFaults
    this.#outageUntilMs = 0
  }

  #fate(isRefund: boolean, mayBeLate: boolean): Fate | undefined {
    const { faults } = this
    const { dice, nowMs } = this.#parts
    if (nowMs() < this.#outageUntilMs) {
      return { answer: dice.pick(mayBeLate ? [...losses, 'timed out, and comes late'] : losses) }
    }
    const late = mayBeLate ? faults.late : 0
    return dice.weigh<Fate | undefined>([
      [Math.max(0, 1 - faults.loss - faults.error - faults.lie - late), undefined],
      [faults.loss, { answer: dice.pick(losses) }],
      [faults.error, dice.pick(errors)],
      [faults.lie, { fault: dice.pick(lies) }],
      [isRefund ? faults.refund : 0, dice.pick(refundFaults)],
      [late, { answer: 'timed out, and comes late' }],
    ])
  }

  #sendLate(path: string, send: typeof fetch, ...[input, init]: Parameters<typeof fetch>): void {
    const { scheduler, later } = this.#parts
    // Whoever sent it has given it up; the bytes are on their way all the same.
    const { signal: _, ...rest } = init ?? {}
    later(`a late ${path}`, async () => {
      await scheduler.gate('arrives')
      await scheduler.during(async () => (await send(input, rest)).arrayBuffer())
    })
  }

  /** What becomes of this refund, whenever it comes to WeChat. @returns its number */
  async #plan(fault: string, body: string): Promise<string> {
    const { timeLine, wechat } = this.#parts
    const number = /out_refund_no"?(?:>(?:<!\[CDATA\[)?|:")([^"\]<]+)/.exec(body)?.[1]
    if (number === undefined) throw new Error('a refund without a number')
    timeLine.tell(`  ${fault}`)
    timeLine.count(fault)
    await wechat().fault(fault, { match: { out_refund_no: number } })
    return number
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
    const { scheduler, dice } = this.#parts
    const deliver = () => this.#parts.wechat().control<unknown>('/_sim/notify/resend', { id })
    const odd = dice.happens(this.faults.notifyOdd) ? dice.pick(oddNotifications) : undefined
    await scheduler.during(async () => {
      if (odd === undefined) return deliver()
      if (odd === 'notify.unknown-order') this.unknownOrdersTold++
      return this.withFault({ fault: odd }, deliver)
    })
    this.#onTheWay.delete(id)
  }

  /** The very bytes of an earlier message once more. */
  async replay(): Promise<void> {
    if (this.#posted.length === 0) return
    this.#parts.timeLine.count('notification replayed')
    await this.#parts.receive(this.#parts.dice.pick(this.#posted))
  }

  async #deliver(message: Message): Promise<PostOutcome> {
    const { dice, timeLine, receive } = this.#parts
    const isLost = dice.happens(this.faults.notifyLoss)
    const isAnswerLost = isLost && dice.happens(0.5)
    if (isLost && !isAnswerLost) {
      timeLine.tell('  the notification is lost')
      timeLine.count('notification lost')
      return { kind: 'timeout', detail: 'lost' }
    }
    const copies = dice.happens(this.faults.notifyDuplicate) ? dice.integer(2, 3) : 1
    if (copies > 1) timeLine.count('notification duplicated')
    const [answer] = await Promise.all(Array.from({ length: copies }, () => receive(message)))
    if (answer === undefined) return { kind: 'unreachable', detail: 'the process died' }
    if (isAnswerLost) {
      timeLine.tell('  the answer to the notification is lost')
      timeLine.count('notification answer lost')
      return { kind: 'timeout', detail: 'the answer is lost' }
    }
    return { kind: 'answered', status: answer.status, headers: {}, body: answer.body }
  }

  async withFault<Result>({ fault, options }: Fault, work: () => Promise<Result>) {
    const { timeLine, wechat } = this.#parts
    timeLine.tell(`  ${fault}${options === undefined ? '' : ` ${JSON.stringify(options)}`}`)
    timeLine.count(fault)
    await wechat().fault(fault, options === undefined ? {} : { options })
    try {
      return await work()
    } finally {
      await wechat().control(`/_sim/faults?name=${fault}`, undefined, 'DELETE')
    }
  }
}

const codeOf: Record<Answer, string> = {
  'never sent': 'ECONNREFUSED',
  lost: 'ECONNRESET',
  'timed out': 'UND_ERR_HEADERS_TIMEOUT',
  'done, then lost': 'ECONNRESET',
  'timed out, and comes late': 'UND_ERR_HEADERS_TIMEOUT',
}

function failure(answer: Answer): Error {
  const cause = Object.assign(new Error(answer), { code: codeOf[answer] })
  return new TypeError('fetch failed', { cause })
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}
