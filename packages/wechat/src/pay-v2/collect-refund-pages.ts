import { WechatMalformedError } from '../errors.ts'
import { checkDistinct, miscounted, type V2Refund, type V2RefundPage } from '../wire/v2-refund.ts'

/** WeChat takes 50 refunds an order, ten a page; twice that is room for what it may change. */
const pagesMax = 10

/**
 * All refunds of an order, page by page; `pageAt` asks for the one that begins there. The pages must speak of one
 * order, agree on the number of its refunds and not repeat any.
 * @throws WechatMalformedError
 */
export async function collectRefundPages(pageAt: (offset: number) => Promise<V2RefundPage>): Promise<V2Refund[]> {
  const refunds: V2Refund[] = []
  let totalCount: number | undefined
  for (let page = 0; page < pagesMax; page++) {
    const { refunds: more, totalCount: told = refunds.length + more.length } = await pageAt(refunds.length)
    totalCount ??= told
    if (totalCount === 0) return []
    if (told !== totalCount || more.length === 0 || refunds.length + more.length > totalCount) throw miscounted()
    refunds.push(...more)
    checkOneOrder(refunds)
    checkDistinct(refunds)
    if (refunds.length === totalCount) return refunds
  }
  throw new WechatMalformedError('too_large', 'The order has more refunds than WeChat allows', 'total_refund_count')
}

function checkOneOrder([first, ...others]: readonly V2Refund[]): void {
  for (const name of ['transaction_id', 'out_trade_no', 'total_fee'] as const) {
    if (others.every((refund) => refund[name] === first?.[name])) continue
    throw new WechatMalformedError('identity_mismatch', `The pages disagree on ${name}`, name)
  }
}
