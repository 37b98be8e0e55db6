import { fen } from '@fenpay/contract'
import type { PayApi } from '../domain/attempt.ts'
import type { SuspenseReason } from '../domain/payment.ts'
import type { PaymentBalance } from '../domain/refund.ts'
import type { PaymentRecord } from '../ports.ts'
import type { Queries } from './store.ts'

/** False when WeChat's transaction_id is kept already: the same fact, told again (I9). */
export async function recordPayment(sql: Queries, merchantId: string, payment: PaymentRecord): Promise<boolean> {
  const { evidence } = payment
  const rows = await sql`
    insert into payments (merchant_id, transaction_id, out_trade_no, order_number, amount_fen, currency, payer_openid,
                          success_time, disposition, reason, source, pay_api, appid)
    values (${merchantId}, ${evidence.transactionId}, ${evidence.outTradeNo}, ${payment.orderNumber ?? null},
            ${evidence.amountFen}, ${evidence.currency}, ${evidence.payerOpenid}, ${evidence.successTime},
            ${payment.disposition}, ${payment.reason ?? null}, ${evidence.source}, ${evidence.payApi}, ${evidence.appid})
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

interface BalanceRow {
  merchant_id: string
  transaction_id: string
  out_trade_no: string
  order_number: string | null
  disposition: 'order' | 'suspense'
  reason: SuspenseReason | null
  pay_api: PayApi
  appid: string
  success_time: Date
  paid_fen: number
  reserved_fen: number
  refunded_fen: number
  refund_count: number
  last_refund_at: Date | null
}

/** The payment that paid this order, with what refunds hold of it. */
export async function paymentOfOrder(
  sql: Queries,
  merchantId: string,
  orderNumber: string,
): Promise<PaymentBalance | undefined> {
  const [row] = await sql<BalanceRow[]>`
    select p.*, b.* from payments p join payment_balances b using (merchant_id, transaction_id)
     where p.merchant_id = ${merchantId} and p.order_number = ${orderNumber} and p.disposition = 'order'`
  return row && balanceOf(row)
}

export async function findPayment(
  sql: Queries,
  merchantId: string,
  transactionId: string,
): Promise<PaymentBalance | undefined> {
  const [row] = await sql<BalanceRow[]>`
    select p.*, b.* from payments p join payment_balances b using (merchant_id, transaction_id)
     where p.merchant_id = ${merchantId} and p.transaction_id = ${transactionId}`
  return row && balanceOf(row)
}

/** Waits for whoever is at work on the same payment, so that two refunds never both take the last of it (I10). */
export async function lockPayment(
  sql: Queries,
  merchantId: string,
  transactionId: string,
): Promise<PaymentBalance | undefined> {
  await sql`select 1 from payment_balances
             where merchant_id = ${merchantId} and transaction_id = ${transactionId} for update`
  return findPayment(sql, merchantId, transactionId)
}

function balanceOf(row: BalanceRow): PaymentBalance {
  return {
    merchantId: row.merchant_id,
    transactionId: row.transaction_id,
    outTradeNo: row.out_trade_no,
    orderNumber: row.order_number ?? undefined,
    disposition: row.disposition,
    suspenseReason: row.reason ?? undefined,
    payApi: row.pay_api,
    appid: row.appid,
    successTime: row.success_time,
    paidFen: fen(row.paid_fen),
    reservedFen: fen(row.reserved_fen),
    refundedFen: fen(row.refunded_fen),
    refundCount: row.refund_count,
    lastRefundAt: row.last_refund_at ?? undefined,
  }
}
