import { checkInvariants } from '../../apps/server/src/storage/invariants.ts'
import type { History } from './history.ts'
import type { OrderEnd, ReferenceModel, Taken } from './reference-model.ts'

interface WechatBooks {
  orders: { out_trade_no: string; trade_state: string }[]
  payments: { out_trade_no: string; transaction_id: string; total: number }[]
  notifications: { out_trade_no: string; deliveries: { outcome: string; faults: string[] }[] }[]
}

/** Everything that is wrong at the end of a history; nothing, if all is well (E.3, E.6). */
export async function judge(history: History, model: ReferenceModel): Promise<string[]> {
  const books = await history.ground.wechat.control<WechatBooks>('/_sim/books')
  const { ends, attempts, payments, stock } = await readOurs(history)
  const orderOf = new Map(attempts.map(({ out_trade_no, order_number }) => [out_trade_no, order_number]))
  const taken: Taken[] = books.payments.map((payment) => ({
    orderNumber: orderOf.get(payment.out_trade_no),
    transactionId: payment.transaction_id,
    amountFen: payment.total,
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
    ...differences(taken, payments, history.network.unknownOrdersTold),
    ...model.disagreements(ends, taken, stock),
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
  const events = await sql`select order_number, seq, kind, from_status, to_status, cause, actor, at, detail
                             from order_events order by order_number, seq`
  const inbox = await sql`select verdict, reason, out_trade_no, transaction_id from notify_inbox
                           order by received_at, inbox_id`
  for (const row of [...orders, ...attempts, ...payments, ...products, ...events, ...inbox]) {
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
      })),
  }))
  const stock = Object.fromEntries(
    products.map((row) => [row.sku, { total: row.stock_total, free: row.stock_free, reserved: row.stock_reserved }]),
  )
  return { ends, attempts, payments, stock }
}
