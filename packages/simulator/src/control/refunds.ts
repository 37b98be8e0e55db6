import { toRfc3339 } from '../engine/beijing-time.ts'
import { fundsOf, platformOf } from '../engine/funds.ts'
import { alphabets, randomText } from '../engine/random.ts'
import type { MerchantPlatform, Order, Refund } from '../engine/records.ts'
import { acceptRefund, refundableFen, refundsOf } from '../engine/refunds.ts'
import { notifyUrlProblem } from '../protocol/notify-url.ts'
import type { World } from '../world.ts'
import type { Control, ControlAnswer } from './control.ts'
import { ControlInputError, optionalInteger, optionalText, readInput } from './input.ts'

const fenMax = 1_000_000_000_000
const secondsMax = 30 * 86_400

/**
 * POST /_sim/refunds `{mchid?, out_trade_no | transaction_id, amount?, reason?}`: a refund by hand in the merchant
 * platform. WeChat makes its number; without `amount` all that is left is refunded.
 */
export function refundByHand({ world, call }: Control): ControlAnswer {
  const input = readInput(call.text)
  const order = findOrder(world, input)
  const leftFen = refundableFen(refundsOf(world.books, order), order.totalFen)
  const refundFen = optionalInteger(input, 'amount', 1, fenMax) ?? Math.max(leftFen, 1)
  const reason = optionalText(input, 'reason')
  const outcome = acceptRefund(
    world,
    {
      mchid: order.mchid,
      outRefundNo: randomText(world.random, alphabets.digits, 28),
      transactionId: '',
      outTradeNo: order.outTradeNo,
      refundFen,
      totalFen: order.totalFen,
      form: 'v2',
      source: 'platform',
      detail: '',
      ...(reason === undefined ? {} : { reason }),
    },
    () => undefined,
  )
  if (typeof outcome === 'string') throw new ControlInputError(`the refund is not accepted: ${outcome}`)
  return { status: 201, body: describeRefundRow(world, outcome) }
}

function findOrder({ books }: World, input: Readonly<Record<string, unknown>>): Order {
  const outTradeNo = optionalText(input, 'out_trade_no')
  const transactionId = optionalText(input, 'transaction_id')
  if (outTradeNo === undefined && transactionId === undefined) {
    throw new ControlInputError('out_trade_no or transaction_id is missing')
  }
  const mchid = optionalText(input, 'mchid')
  const found =
    transactionId === undefined
      ? [...books.orders.values()].find(
          (row) => row.outTradeNo === outTradeNo && (mchid === undefined || row.mchid === mchid),
        )
      : books.orders.find(transactionId)
  if (!found?.payment) throw new ControlInputError(`order ${outTradeNo ?? transactionId} is unknown or not paid`)
  return found
}

/** GET /_sim/merchants/:mchid/balance. */
export const readBalance = ({ world, pathValue }: Control): ControlAnswer => ({
  body: describeBalance(world, knownMchid(world, pathValue)),
})

/** POST /_sim/merchants/:mchid/balance `{set?, withdraw?, deposit?}`, fen: money that moves without WeChat Pay. */
export function moveBalance({ world, call, pathValue }: Control): ControlAnswer {
  const { books } = world
  const mchid = knownMchid(world, pathValue)
  const input = readInput(call.text)
  const { balanceFen } = fundsOf(books, mchid)
  const set = optionalInteger(input, 'set', 0, fenMax)
  const withdraw = optionalInteger(input, 'withdraw', 1, fenMax)
  const deposit = optionalInteger(input, 'deposit', 1, fenMax)
  const given = [set === undefined ? undefined : set - balanceFen, withdraw && -withdraw, deposit]
  const [change, ...more] = given.filter((value) => value !== undefined)
  if (change === undefined || more.length > 0) throw new ControlInputError('give one of set, withdraw and deposit')
  if (balanceFen + change < 0) throw new ControlInputError(`the balance is ${balanceFen}`)
  const platform = platformOf(books, mchid)
  books.transact(() => books.platforms.put({ ...platform, adjustedFen: platform.adjustedFen + change }))
  return { body: describeBalance(world, mchid) }
}

/** GET /_sim/merchants/:mchid/refund-settings. */
export const readRefundSettings = ({ world, pathValue }: Control): ControlAnswer => ({
  body: describeSettings(platformOf(world.books, knownMchid(world, pathValue))),
})

/**
 * POST /_sim/merchants/:mchid/refund-settings `{arrives_after_seconds?, notify_url?}`: how long money takes, and the
 * merchant platform's address for refunds without one of their own; an empty `notify_url` removes it.
 */
export function changeRefundSettings({ world, call, pathValue }: Control): ControlAnswer {
  const mchid = knownMchid(world, pathValue)
  const input = readInput(call.text)
  const { refundNotifyUrl: before, ...platform } = platformOf(world.books, mchid)
  const refundSeconds = optionalInteger(input, 'arrives_after_seconds', 0, secondsMax) ?? platform.refundSeconds
  const url = optionalText(input, 'notify_url') ?? before ?? ''
  const problem = url === '' ? undefined : notifyUrlProblem(url)
  if (problem !== undefined) throw new ControlInputError(`notify_url ${problem}`)
  const changed: MerchantPlatform = { ...platform, refundSeconds, ...(url === '' ? {} : { refundNotifyUrl: url }) }
  world.books.transact(() => world.books.platforms.put(changed))
  return { body: describeSettings(changed) }
}

function knownMchid({ books }: World, mchid: string): string {
  if (!books.merchants.get(mchid)) throw new ControlInputError(`merchant ${mchid} is unknown`)
  return mchid
}

const describeSettings = ({ refundSeconds, refundNotifyUrl }: MerchantPlatform): object => ({
  arrives_after_seconds: refundSeconds,
  notify_url: refundNotifyUrl,
})

/** A merchant's money as GET /_sim/books and the balance control tell it: `balance` is what the other parts add up to. */
export function describeBalance({ books }: World, mchid: string): object {
  const funds = fundsOf(books, mchid)
  return {
    mchid,
    paid: funds.paidFen,
    refunded: funds.refundedFen,
    processing: funds.processingFen,
    abnormal: funds.abnormalFen,
    adjusted: funds.adjustedFen,
    balance: funds.balanceFen,
  }
}

/** A refund as GET /_sim/books tells it. */
export const describeRefundRow = (world: World, refund: Refund): object => ({
  mchid: refund.mchid,
  out_refund_no: refund.outRefundNo,
  refund_id: refund.refundId,
  out_trade_no: refund.outTradeNo,
  transaction_id: refund.transactionId,
  amount: refund.refundFen,
  total: refund.totalFen,
  reason: refund.reason,
  status: refund.status,
  source: refund.source,
  awaits_funds: refund.awaitsFunds,
  notify_url: refund.notifyUrl,
  created_at: toRfc3339(refund.createdAtMs),
  success_time: refund.successAtMs === undefined ? undefined : toRfc3339(refund.successAtMs),
  due_at: refund.dueAtMs === undefined ? undefined : toRfc3339(refund.dueAtMs),
  calls: Object.fromEntries(world.refundCallCounts.countsOf(refund.mchid, refund.outRefundNo)),
})
