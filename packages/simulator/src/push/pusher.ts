import type { DueWork } from '../delivery/notifier.ts'
import type { Post, PostOutcome } from '../delivery/post.ts'
import type { Push, PushDelivery, PushTarget } from '../engine/after-payment-records.ts'
import type { PlannedFault } from '../engine/fault-plan.ts'
import { newEncodingAesKey } from '../engine/push-target.ts'
import { afterPushDelivery } from '../engine/pushes.ts'
import { alphabets, randomText } from '../engine/random.ts'
import { runShippingClock } from '../engine/shipping-clock.ts'
import { wholeSeconds } from '../engine/whole-seconds.ts'
import { isLoopback } from '../protocol/notify-url.ts'
import type { World } from '../world.ts'
import { logPosted } from './log-posted.ts'
import { composePush, type PushMessage } from './push-body.ts'

const pushTimeoutMs = 5000

type Result = Pick<PushDelivery, 'outcome' | 'status' | 'detail'>

/** What shipping management's clock does, and the message pushes that come of it and of everything else. */
export class Pusher implements DueWork {
  readonly #world: World
  readonly #post: Post
  readonly #ended: () => void
  readonly #abort = new AbortController()
  readonly #running = new Map<string, Promise<void>>()

  /** `ended` is called after each try. */
  constructor(world: World, post: Post, ended: () => void) {
    this.#world = world
    this.#post = post
    this.#ended = ended
  }

  nextDueMs(): number | undefined {
    const { pushes, shippingOrders, tradeManagement } = this.#world.books
    const waiting = [...pushes.due()].filter((push) => !this.#running.has(keyOf(push)))
    let next: number | undefined
    for (const rows of [waiting, shippingOrders.due(), tradeManagement.due()]) {
      for (const { dueAtMs } of rows) if (dueAtMs !== undefined && dueAtMs < (next ?? Infinity)) next = dueAtMs
    }
    return next
  }

  runDue(untilMs: number): Promise<void>[] {
    if (this.#abort.signal.aborted) return []
    runShippingClock(this.#world, untilMs)
    return [...this.#world.books.pushes.due()]
      .filter((push) => push.dueAtMs !== undefined && push.dueAtMs <= untilMs && !this.#running.has(keyOf(push)))
      .map((push) => this.#start(push))
  }

  async settle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values())
  }

  close(): void {
    this.#abort.abort()
  }

  #start(push: Push): Promise<void> {
    const key = keyOf(push)
    const running = this.#deliver(push).finally(() => {
      this.#running.delete(key)
      this.#ended()
    })
    this.#running.set(key, running)
    return running
  }

  async #deliver(push: Push): Promise<void> {
    const { books, clock, faults } = this.#world
    const target = books.pushTargets.get(push.appid)
    if (!target) throw new Error(`app ${push.appid} of a push has no address`)
    const subject = subjectOf(target, push)
    const atMs = clock.nowMs()
    const delay = faults.take(subject, 'push.delay')
    if (delay) {
      const dueAtMs = atMs + Number(delay.options['seconds']) * 1000
      books.transact(() => books.pushes.put({ ...push, dueAtMs }))
      return
    }
    const taken = ['push.drop', 'push.forged', 'push.duplicate'].flatMap((name) => faults.take(subject, name) ?? [])
    const results = await this.#send(target, push, taken)
    // A process that is stopping leaves the push as it was: due, and sent again after the next start.
    if (this.#abort.signal.aborted) return
    const result = results.find(({ outcome }) => outcome === 'acknowledged') ?? results[0] ?? { outcome: 'not-sent' }
    const forged = taken.some(({ name }) => name === 'push.forged') && result.outcome === 'acknowledged'
    const delivery: PushDelivery = {
      ...result,
      ...(forged ? { outcome: 'answer-ignored' as const } : {}),
      atMs,
      faults: taken.map(({ name }) => name),
    }
    books.transact(() => books.pushes.put(afterPushDelivery(push, delivery)))
  }

  async #send(target: PushTarget, push: Push, taken: readonly PlannedFault[]): Promise<Result[]> {
    const has = (name: string): boolean => taken.some((fault) => fault.name === name)
    if (has('push.drop')) return [{ outcome: 'not-sent', detail: 'dropped' }]
    if (!isLoopback(new URL(target.url).hostname)) {
      return [{ outcome: 'not-sent', detail: 'the simulator sends to loopback addresses only' }]
    }
    const duplicate = taken.find(({ name }) => name === 'push.duplicate')?.options
    const signer = has('push.forged') ? this.#strangersKeys(target) : target
    const names = taken.map(({ name }) => name)
    const results: Promise<Result>[] = []
    for (let copy = 0; copy < Number(duplicate?.['copies'] ?? 1); copy++) {
      const message = composePush(this.#world.random, signer, push, wholeSeconds(this.#world.clock.wallMs()))
      const result = this.#sendOnce(message, names)
      results.push(result)
      if (duplicate?.['concurrent'] !== true) await result
    }
    return Promise.all(results)
  }

  #strangersKeys(target: PushTarget): PushTarget {
    const text = (length: number): string => randomText(this.#world.random, alphabets.alphanumeric, length)
    return { ...target, token: text(32), encodingAesKey: newEncodingAesKey(this.#world.random) }
  }

  async #sendOnce({ url, headers, body }: PushMessage, faults: readonly string[]): Promise<Result> {
    const atMs = this.#world.clock.nowMs()
    const outcome = await this.#post(url, headers, body, pushTimeoutMs, this.#abort.signal)
    const result = judge(outcome)
    logPosted(this.#world, { atMs, method: 'POST', url, headers, body, faults }, outcome, result)
    return result
  }
}

const keyOf = ({ appid, fromUser, event, createTime }: Push): string => `${appid}/${fromUser}/${event}/${createTime}`

function subjectOf({ url }: PushTarget, { fields }: Push): { path: string; mchid?: string; outTradeNo?: string } {
  const { merchant_id: mchid, merchant_trade_no: outTradeNo } = fields
  return typeof mchid === 'string' && typeof outTradeNo === 'string' ? { path: url, mchid, outTradeNo } : { path: url }
}

function judge(outcome: PostOutcome): Result {
  if (outcome.kind !== 'answered') return { outcome: outcome.kind, detail: outcome.detail }
  const { status, body } = outcome
  const acknowledged = status === 200 && (body === '' || body === 'success')
  return { outcome: acknowledged ? 'acknowledged' : 'refused', status }
}
