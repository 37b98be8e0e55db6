import type { Stage } from './stage.ts'
import type { Fields } from './v2-message.ts'

/**
 * The fields of WeChat's v2 message that an attempt is paid, notification and query alike, unsigned. `changes` replace,
 * add or (as an empty text) take away.
 */
export async function paymentFields(
  stage: Stage,
  outTradeNo: string,
  changes: Record<string, string> = {},
): Promise<Fields> {
  const [attempt] = await stage.sql<{ appid: string; openid: string; total_fen: number }[]>`
    select appid, openid, total_fen from attempts where out_trade_no = ${outTradeNo}`
  if (attempt === undefined) throw new Error(`there is no attempt ${outTradeNo}`)
  const genuine = {
    return_code: 'SUCCESS',
    result_code: 'SUCCESS',
    appid: attempt.appid,
    mch_id: stage.merchant.mchid,
    nonce_str: 'n'.repeat(32),
    openid: attempt.openid,
    trade_type: 'JSAPI',
    bank_type: 'OTHERS',
    total_fee: String(attempt.total_fen),
    cash_fee: String(attempt.total_fen),
    fee_type: 'CNY',
    transaction_id: `42000${outTradeNo.slice(0, 23)}`,
    out_trade_no: outTradeNo,
    time_end: '20260101120000',
  }
  return Object.entries({ ...genuine, ...changes }).filter(([, value]) => value !== '')
}
