import type { PaymentRecord } from '../ports.ts'
import type { Queries } from './store.ts'

/** False when WeChat's transaction_id is kept already: the same fact, told again (I9). */
export async function recordPayment(sql: Queries, merchantId: string, payment: PaymentRecord): Promise<boolean> {
  const { evidence } = payment
  const rows = await sql`
    insert into payments (merchant_id, transaction_id, out_trade_no, order_number, amount_fen, currency, payer_openid,
                          success_time, disposition, reason, source)
    values (${merchantId}, ${evidence.transactionId}, ${evidence.outTradeNo}, ${payment.orderNumber ?? null},
            ${evidence.amountFen}, ${evidence.currency}, ${evidence.payerOpenid}, ${evidence.successTime},
            ${payment.disposition}, ${payment.reason ?? null}, ${evidence.source})
    on conflict (merchant_id, transaction_id) do nothing returning 1`
  return rows.length === 1
}

export async function hasSuspendedPayment(sql: Queries, merchantId: string, orderNumber: string): Promise<boolean> {
  const rows = await sql`
    select 1 from payments where merchant_id = ${merchantId} and order_number = ${orderNumber} and disposition = 'suspense'
     limit 1`
  return rows.length === 1
}

export async function findPaymentAmount(
  sql: Queries,
  merchantId: string,
  transactionId: string,
): Promise<number | undefined> {
  const [row] = await sql<{ amount_fen: number }[]>`
    select amount_fen from payments where merchant_id = ${merchantId} and transaction_id = ${transactionId}`
  return row?.amount_fen
}
