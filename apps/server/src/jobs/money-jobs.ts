import { clockFollower } from '../commands/follow-clock.ts'
import { recordUntoldRefunds } from '../commands/record-untold-refunds.ts'
import { sweepOrders } from '../commands/sweep-orders.ts'
import { sweepRefunds } from '../commands/sweep-refunds.ts'
import { watchInvariants, watchOverdue } from '../commands/watch-money.ts'
import type { PaymentGateway, Store, World } from '../ports.ts'
import { type Repeated, repeat } from './repeat.ts'

export interface MoneyJobs {
  store: Store
  payment: PaymentGateway
  world: World
  /** Whose flags tell of an invariant that does not hold. */
  merchantId: string
  /** Milliseconds between two sweeps. */
  sweepPauseMs: number
  onInvariantsChecked(broken: number): void
  onError(what: string, error: unknown, facts?: Record<string, string>): void
}

const overduePauseMs = 60_000
const straysPauseMs = 60_000
const untoldPauseMs = 10 * 60_000
const invariantsPauseMs = 5 * 60_000
const retentionPauseMs = 60 * 60_000

/** What a server does about money without anybody asking, until it is stopped. */
export function startMoneyJobs(jobs: MoneyJobs): Repeated {
  const { onError, sweepPauseMs } = jobs
  const failed = (what: string) => (error: unknown) => onError(`${what} failed; the next one tries again`, error)
  const onOrder = ({ orderNumber }: { orderNumber: string }, error: unknown) =>
    onError('an open order could not be looked at; it is tried again', error, { order_number: orderNumber })
  const onRefund = ({ outRefundNo }: { outRefundNo: string }, error: unknown) =>
    onError('a refund could not be looked at; it is tried again', error, { out_refund_no: outRefundNo })
  const onUntold = ({ transactionId }: { transactionId: string }, error: unknown) =>
    onError('a refund made outside could not be recorded; it is tried again', error, { transaction_id: transactionId })
  const followClock = clockFollower(jobs)
  const running = [
    repeat(() => followClock().then(noMore), sweepPauseMs, failed('following a clock that was put back')),
    repeat((signal) => sweepOrders({ ...jobs, onFailure: onOrder }, signal), sweepPauseMs, failed('a sweep of orders')),
    repeat(
      (signal) => sweepRefunds({ ...jobs, onFailure: onRefund }, signal),
      sweepPauseMs,
      failed('a sweep of refunds'),
    ),
    repeat(
      () => recordUntoldRefunds({ ...jobs, onFailure: onUntold }).then(noMore),
      untoldPauseMs,
      failed('asking about refunds made outside'),
    ),
    repeat(
      () => jobs.store.recallStrays(jobs.world.now()).then(noMore),
      straysPauseMs,
      failed('the look for what a wrong clock has put off'),
    ),
    repeat(() => watchOverdue(jobs).then(noMore), overduePauseMs, failed('the watch over what is overdue')),
    repeat(() => jobs.store.forgetOld(jobs.world.now()), retentionPauseMs, failed('deleting what is past its time')),
    repeat(() => checkInvariants(jobs).then(noMore), invariantsPauseMs, failed('the check of the invariants')),
  ]
  return {
    async stop() {
      await Promise.all(running.map((job) => job.stop()))
    },
  }
}

async function checkInvariants(jobs: MoneyJobs): Promise<void> {
  const broken = await watchInvariants(jobs, jobs.merchantId)
  jobs.onInvariantsChecked(broken)
  if (broken > 0) jobs.onError('invariants do not hold: run fenpay check', new Error(`${broken} invariants`))
}

function noMore(): boolean {
  return false
}
