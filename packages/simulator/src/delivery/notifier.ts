import type { FaultMatch } from '../engine/fault-plan.ts'
import { afterDelivery } from '../engine/notify-schedule.ts'
import type { Delivery, Notification } from '../engine/records.ts'
import { passNetwork } from '../network-jitter.ts'
import { isLoopback } from '../protocol/notify-url.ts'
import { isV2Acknowledgement } from '../protocol/v2/payment-notify.ts'
import { isV3Acknowledgement } from '../protocol/v3/payment-notify.ts'
import type { World } from '../world.ts'
import { composeMessage, formOf, type Message, type Subject, subjectOfNotification } from './compose.ts'
import { DeliveryFaults } from './delivery-faults.ts'
import type { Post, PostOutcome } from './post.ts'

const answerTimeoutMs = 5000
// Deliveries that are due within the same second go out together.
const togetherMs = 999
const timerMaxMs = 2 ** 31 - 1

interface Replay {
  readonly dueAtMs: number
  readonly url: string
  readonly message: Message
}

/** Other work that falls due in business time and is walked through with the notifications. */
export interface DueWork {
  /** When the next piece is due; `undefined` when nothing waits. */
  nextDueMs(): number | undefined
  /** Starts all that is due until then. */
  runDue(untilMs: number): Promise<void>[]
  /** Waits for what was started. */
  settle(): Promise<void>
  /** Gives up what is on its way. */
  close(): void
}

/** How messages leave, and whether those that are due do so without being told to. */
export interface NotifierOptions {
  readonly post: Post
  readonly byItself: boolean
  /** Told how to report that a piece has ended. */
  readonly others: (ended: () => void) => readonly DueWork[]
}

/** Delivers what is due, by business time, whether that passes by itself or is advanced. */
export class Notifier {
  readonly #world: World
  readonly #options: NotifierOptions
  readonly #others: readonly DueWork[]
  readonly #abort = new AbortController()
  readonly #running = new Map<string, Promise<void>>()
  #replays: Replay[] = []
  #timer: NodeJS.Timeout | undefined
  #advancing = false

  constructor(world: World, options: NotifierOptions) {
    this.#world = world
    this.#options = options
    this.#others = options.others(() => this.wake())
  }

  /** Asks an address, as deliveries are sent. */
  get(url: string, headers: Readonly<Record<string, string>>): Promise<PostOutcome> {
    return this.#options.post(url, headers, '', answerTimeoutMs, this.#abort.signal, 'GET')
  }

  /** Delivers what is due, in the background, and sets the timer for the rest. */
  wake(): void {
    if (!this.#options.byItself || this.#abort.signal.aborted || this.#advancing) return
    this.#runDue(this.#world.clock.nowMs())
    clearTimeout(this.#timer)
    const next = this.#nextDueMs()
    if (next === undefined) return
    const waitMs = Math.min(Math.max(next - this.#world.clock.nowMs(), 0), timerMaxMs)
    this.#timer = setTimeout(() => this.wake(), waitMs)
    this.#timer.unref()
  }

  /** Delivers one notification now and waits for its outcome. */
  async deliverNow(notification: Notification): Promise<void> {
    await this.#start(notification.id)
  }

  /** Walks to `targetMs` of business time, stopping at each due delivery and waiting for it. */
  async advanceTo(targetMs: number): Promise<void> {
    this.#advancing = true
    await this.settle()
    for (let next = this.#nextDueMs(); next !== undefined && next <= targetMs; next = this.#nextDueMs()) {
      this.#moveClock(next)
      await Promise.all(this.#runDue(Math.min(Math.max(next, this.#world.clock.nowMs()) + togetherMs, targetMs)))
    }
    this.#moveClock(targetMs)
    this.#advancing = false
    this.wake()
  }

  /** Waits for the deliveries that are on their way. */
  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values())
    for (const other of this.#others) await other.settle()
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer)
    this.#abort.abort()
    for (const other of this.#others) other.close()
    await this.settle()
  }

  #moveClock(ms: number): void {
    const { books, clock } = this.#world
    clock.advanceTo(ms)
    books.transact(() => books.facts.put({ name: 'clock', offsetMs: clock.offsetMs }))
  }

  #runDue(untilMs: number): Promise<void>[] {
    const due = [...this.#world.books.notifications.due()]
      .filter(({ id, dueAtMs }) => dueAtMs !== undefined && dueAtMs <= untilMs && !this.#running.has(id))
      .sort((a, b) => (a.dueAtMs ?? 0) - (b.dueAtMs ?? 0))
    const replays = this.#replays.filter(({ dueAtMs }) => dueAtMs <= untilMs)
    this.#replays = this.#replays.filter((replay) => !replays.includes(replay))
    return [
      ...due.map(({ id }) => this.#start(id)),
      ...replays.map((replay) => this.#replay(replay)),
      ...this.#others.flatMap((other) => other.runDue(untilMs)),
    ]
  }

  #nextDueMs(): number | undefined {
    const times = [...this.#world.books.notifications.due()].flatMap(({ id, dueAtMs }) =>
      this.#running.has(id) ? [] : (dueAtMs ?? []),
    )
    const others = this.#others.flatMap((other) => other.nextDueMs() ?? [])
    return [...times, ...others, ...this.#replays.map(({ dueAtMs }) => dueAtMs)].reduce<number | undefined>(
      (least, time) => (least === undefined || time < least ? time : least),
      undefined,
    )
  }

  #start(id: string): Promise<void> {
    const running =
      this.#running.get(id) ??
      this.#deliver(id).finally(() => {
        this.#running.delete(id)
        this.wake()
      })
    this.#running.set(id, running)
    return running
  }

  async #deliver(id: string): Promise<void> {
    const { books, clock, faults } = this.#world
    const notification = books.notifications.get(id)
    const content = notification && subjectOfNotification(this.#world, notification)
    if (!notification || !content) return
    const subject = faultSubjectOf(notification)
    const delay = faults.take(subject, 'notify.delay')
    if (delay) {
      const dueAtMs = clock.nowMs() + Number(delay.options['seconds']) * 1000
      books.transact(() => books.notifications.put({ ...notification, dueAtMs }))
      return
    }
    const shaped = new DeliveryFaults(faults, subject, formOf(content))
    const atMs = clock.nowMs()
    const wallAtMs = clock.wallMs()
    const outcomes = await this.#send(content, shaped)
    // A process that is stopping leaves the notification as it was: due, and delivered again after the next start.
    if (this.#abort.signal.aborted) return
    const acknowledged = outcomes.find(({ outcome }) => outcome === 'acknowledged') ?? outcomes[0]
    const outcome = acknowledged ?? { outcome: 'not-sent' as const }
    const ignored = shaped.replacesMessage || shaped.has('notify.answer-lost')
    const delivery: Delivery = {
      ...outcome,
      ...(ignored && outcome.outcome === 'acknowledged' ? { outcome: 'answer-ignored' as const } : {}),
      atMs,
      wallAtMs,
      faults: shaped.names,
    }
    books.transact(() => books.notifications.put(afterDelivery(notification, delivery)))
  }

  async #send(content: Subject, shaped: DeliveryFaults): Promise<Result[]> {
    if (shaped.has('notify.drop')) return [{ outcome: 'not-sent', detail: 'dropped' }]
    if (!isLoopback(new URL(content.notification.url).hostname)) {
      return [{ outcome: 'not-sent', detail: 'the simulator sends to loopback addresses only' }]
    }
    const copies = Number(shaped.option('notify.duplicate', 'copies') ?? 1)
    const concurrent = shaped.option('notify.duplicate', 'concurrent') === true
    const results: Promise<Result>[] = []
    for (let copy = 0; copy < copies; copy++) {
      const result = this.#sendOnce(content, shaped)
      results.push(result)
      if (!concurrent) await result
    }
    return Promise.all(results)
  }

  async #sendOnce(content: Subject, shaped: DeliveryFaults): Promise<Result> {
    const { url } = content.notification
    const message = await composeMessage(this.#world, content, shaped)
    const loss = await passNetwork(this.#world, faultSubjectOf(content.notification))
    if (loss === 'before') return { outcome: 'timeout', detail: 'lost on the way' }
    const posted = await this.#post(url, message, formOf(content), shaped.names)
    const result: Result = loss === 'after' ? { outcome: 'timeout', detail: 'its answer was lost' } : posted
    const afterSeconds = shaped.option('notify.replay', 'after_seconds')
    if (afterSeconds !== undefined) {
      const dueAtMs = this.#world.clock.nowMs() + Number(afterSeconds) * 1000
      this.#replays.push({ dueAtMs, url, message })
    }
    return result
  }

  async #replay({ url, message }: Replay): Promise<void> {
    await this.#post(url, message, message.body.startsWith('<') ? 'v2' : 'v3', ['notify.replay'])
  }

  async #post(url: string, message: Message, form: 'v2' | 'v3', faults: string[]): Promise<Result> {
    const atMs = this.#world.clock.nowMs()
    const outcome = await this.#options.post(url, message.headers, message.body, answerTimeoutMs, this.#abort.signal)
    const result = judge(outcome, form)
    const answered = outcome.kind === 'answered'
    this.#world.requests.add({
      atMs,
      direction: 'out',
      method: 'POST',
      path: url,
      headers: message.headers,
      requestBody: message.body,
      status: answered ? outcome.status : 0,
      responseHeaders: answered ? outcome.headers : {},
      responseBody: answered ? outcome.body : '',
      verdict: {
        ok: result.outcome === 'acknowledged',
        code: result.outcome,
        ...(result.detail === undefined ? {} : { message: result.detail }),
      },
      faults,
    })
    return result
  }
}

type Result = Pick<Delivery, 'outcome' | 'status' | 'detail'>

function judge(outcome: PostOutcome, form: 'v2' | 'v3'): Result {
  if (outcome.kind !== 'answered') return { outcome: outcome.kind, detail: outcome.detail }
  const { status, body } = outcome
  const acknowledged = form === 'v3' ? isV3Acknowledgement(status) : isV2Acknowledgement(status, body)
  return { outcome: acknowledged ? 'acknowledged' : 'refused', status }
}

/** What faults are matched with. */
const faultSubjectOf = ({ url, mchid, outTradeNo, refund }: Notification): FaultMatch => ({
  path: url,
  outTradeNo,
  mchid,
  about: refund ? 'refund' : 'payment',
  ...(refund ? { outRefundNo: refund.outRefundNo } : {}),
})
