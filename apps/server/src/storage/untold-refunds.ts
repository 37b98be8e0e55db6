import type { PayApi } from '../domain/attempt.ts'
import type { UntoldRefund } from '../ports.ts'
import type { Sql } from './connect.ts'

/** So many at once: each is a call to WeChat. */
const atOnce = 20

/** The newest first: an old one is a person's by now. */
export async function untoldRefunds(sql: Sql): Promise<UntoldRefund[]> {
  const rows = await sql<
    {
      merchant_id: string
      pay_api: PayApi
      appid: string
      transaction_id: string
      out_trade_no: string
      out_refund_no: string | null
    }[]
  >`
    select p.merchant_id, p.pay_api, p.appid, p.transaction_id, p.out_trade_no,
           case f.subject_type when 'refund' then f.subject_id end as out_refund_no
      from flags f
      join payments p on (p.merchant_id, p.transaction_id) =
           (f.merchant_id, case f.subject_type when 'refund' then f.evidence ->> 'transaction_id' else f.subject_id end)
     where f.kind = 'external_refund' and f.resolved_at is null
       and not exists (select from refunds r where (r.merchant_id, r.out_refund_no) = (f.merchant_id, f.subject_id))
     order by f.opened_at desc limit ${atOnce}`
  return rows.map((row) => ({
    merchantId: row.merchant_id,
    payApi: row.pay_api,
    appid: row.appid,
    transactionId: row.transaction_id,
    outTradeNo: row.out_trade_no,
    outRefundNo: row.out_refund_no ?? undefined,
  }))
}
