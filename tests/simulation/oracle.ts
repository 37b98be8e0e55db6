import { checkInvariants } from '../../apps/server/src/storage/invariants.ts'
import type { History } from './history.ts'
import type { OrderEnd, ReferenceModel, Taken } from './reference-model.ts'

interface WechatBooks {
  orders: { out_trade_no: string; trade_state: string }[]
  payments: { out_trade_no: string; transaction_id: string; total: number }[]
  refunds: WechatRefund[]
  notifications: { out_trade_no: string; deliveries: { outcome: string; faults: string[] }[] }[]
}

/** Everything that is wrong at the end of a history; nothing, if all is well (E.3, E.6). */
export async function judge(history: History, model: ReferenceModel): Promise<string[]> {
  const books = await history.ground.wechat.control<WechatBooks>('/_sim/books')
  const { ends, attempts, payments, stock, refunds, flagged } = await readOurs(history)
  const orderOf = new Map(attempts.map(({ out_trade_no, order_number }) => [out_trade_no, order_number]))
  const taken: Taken[] = books.payments.map((payment) => ({
    orderNumber: orderOf.get(payment.out_trade_no),
    outTradeNo: payment.out_trade_no,
    transactionId: payment.transaction_id,
    amountFen: payment.total,
    refundedFen: books.refunds
      .filter(({ transaction_id, status }) => transaction_id === payment.transaction_id && status !== 'CLOSED')
      .reduce((sum, { amount }) => sum + amount, 0),
  }))
  const broken = await checkInvariants(history.ground.sql)
  return [
    ...history.troubles,
    ...broken.map(({ id, what, rows }) => `${id} is broken: ${what} ${JSON.stringify(rows)}`),
    ...books.orders
      .filter(({ out_trade_no }) => !orderOf.has(out_trade_no))
      .map(({ out_trade_no }) => `only WeChat knows ${out_trade_no}`),
    ...attempts
      .filter(({ status }) => ['intended', 'unknown', 'prepaid'].includes(status))
      .map(({ out_trade_no, status }) => `nobody knows what became of ${out_trade_no}: ${status}`),
    ...refundDifferences(books.refunds, refunds, flagged),
    ...differences(taken, payments, history.network.unknownOrdersTold),
    ...model.disagreements(ends, taken, stock),
  ]
}

interface WechatRefund {
  out_refund_no: string
  transaction_id: string
  amount: number
  status: string
}

interface OurRefund {
  out_refund_no: string
  transaction_id: string
  amount_fen: number
  status: string
  source: string
}

const sameRefundState: Record<string, string> = {
  succeeded: 'SUCCESS',
  settled: 'ABNORMAL',
  abnormal: 'ABNORMAL',
  processing: 'PROCESSING',
  closed: 'CLOSED',
}

/** Each refund of WeChat's is one of ours in the same state, and what is undecided here is in front of a person (P5). */
function refundDifferences(there: WechatRefund[], ours: OurRefund[], flagged: Set<string>): string[] {
  const here = new Map(ours.map((refund) => [refund.out_refund_no, refund]))
  const known = new Set(there.map(({ out_refund_no }) => out_refund_no))
  return [
    ...ours
      .filter(({ source }) => source === 'external')
      .map(({ out_refund_no }) => `nobody gave back outside: ${out_refund_no}`),
    ...there.flatMap(({ out_refund_no, amount, status, transaction_id }) => {
      const our = here.get(out_refund_no)
      const fits = our?.amount_fen === amount && our.transaction_id === transaction_id
      return fits && sameRefundState[our.status] === status
        ? []
        : [`refund ${out_refund_no}: ${amount} fen ${status} there, ${our?.amount_fen} fen ${our?.status} here`]
    }),
    ...ours
      .filter(({ out_refund_no, status }) => !known.has(out_refund_no) && status !== 'refused')
      .map(({ out_refund_no, status }) => `WeChat does not know refund ${out_refund_no}: ${status}`),
    ...ours
      .filter(
        ({ out_refund_no, status }) =>
          !['succeeded', 'closed', 'refused'].includes(status) && !flagged.has(out_refund_no),
      )
      .map(({ out_refund_no, status }) => `nobody looks after refund ${out_refund_no}: ${status}`),
  ]
}

interface OurPayment {
  transaction_id: string
  out_trade_no: string
  order_number: string | null
  disposition: string
  reason: string | null
  amount_fen: number
}

/** Every fen of WeChat's is here, and no other, but for messages about orders that there never were. */
function differences(taken: Taken[], ours: OurPayment[], unknownOrdersTold: number): string[] {
  const here = new Map(ours.map((payment) => [payment.transaction_id, payment.amount_fen]))
  const there = new Set(taken.map(({ transactionId }) => transactionId))
  const invented = ours.filter(({ transaction_id }) => !there.has(transaction_id))
  const known = invented.filter(({ reason }) => reason === 'unknown_order')
  return [
    ...taken
      .filter(({ transactionId, amountFen }) => here.get(transactionId) !== amountFen)
      .map(({ transactionId, amountFen }) => `${transactionId}: ${amountFen} there, ${here.get(transactionId)} here`),
    ...invented
      .filter((payment) => !known.includes(payment) || known.length > unknownOrdersTold)
      .map(({ transaction_id }) => `WeChat never took ${transaction_id}`),
  ]
}

async function readOurs({ ground: { sql }, timeLine }: History) {
  const orders = await sql<{ order_number: string; status: string; total_fen: number }[]>`
    select order_number, status, total_fen from orders order by created_at, order_number`
  const lines = await sql<{ order_number: string; sku: string; quantity: number }[]>`
    select order_number, sku, quantity from order_lines order by order_number, sku`
  const attempts = await sql<{ out_trade_no: string; order_number: string; status: string }[]>`
    select out_trade_no, order_number, status from attempts order by order_number, seq`
  const payments = await sql<OurPayment[]>`
    select transaction_id, out_trade_no, order_number, disposition, reason, amount_fen
      from payments order by transaction_id`
  const products = await sql<{ sku: string; stock_total: number; stock_free: number; stock_reserved: number }[]>`
    select sku, stock_total, stock_free, stock_reserved from products order by sku`
  const events = await sql<{ order_number: string; kind: string }[]>`
                           select order_number, seq, kind, from_status, to_status, cause, actor, at, detail
                             from order_events order by order_number, seq`
  const inbox = await sql`select verdict, reason, out_trade_no, transaction_id from notify_inbox
                           order by received_at, inbox_id`
  const refunds = await sql<OurRefund[]>`
    select out_refund_no, transaction_id, amount_fen, status, source from refunds order by created_at, out_refund_no`
  const flags = await sql<{ kind: string; subject_id: string; resolved_at: Date | null }[]>`
    select kind, subject_id, resolved_at from flags order by opened_at, kind, subject_id`
  const flagged = new Set(flags.filter(({ resolved_at }) => resolved_at === null).map(({ subject_id }) => subject_id))
  for (const row of [...refunds, ...flags, ...orders, ...attempts, ...payments, ...products, ...events, ...inbox]) {
    timeLine.tell(JSON.stringify(row))
  }
  const ends: OrderEnd[] = orders.map((order) => ({
    orderNumber: order.order_number,
    status: order.status,
    totalFen: order.total_fen,
    lines: lines.filter(({ order_number }) => order_number === order.order_number),
    payments: payments
      .filter(({ order_number }) => order_number === order.order_number)
      .map(({ transaction_id, disposition }) => ({
        transactionId: transaction_id,
        isOnOrder: disposition === 'order',
        isFlagged: flagged.has(transaction_id),
      })),
    suspensions: events.filter((event) => isSuspension(event) && event.order_number === order.order_number).length,
  }))
  const stock = Object.fromEntries(
    products.map((row) => [row.sku, { total: row.stock_total, free: row.stock_free, reserved: row.stock_reserved }]),
  )
  return { ends, attempts, payments, stock, refunds, flagged }
}

const isSuspension = ({ kind }: { kind: string }): boolean => kind === 'payment_suspended'
