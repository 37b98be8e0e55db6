/** What to do about a refusal of Pay v2 or v3. From the error tables of pay-v2 and pay-v3 (sections 12 and 13). */
import { type Advice, adviceAboutRefund, adviceAboutRefundQuery } from './refund-advice.ts'

/** Older pages, Pay v2 and some SDKs spell codes differently; the right side is the current Pay v3 spelling. */
const legacySpellings = new Map([
  ['SYSTEMERROR', 'SYSTEM_ERROR'],
  ['BANKERROR', 'BANK_ERROR'],
  ['BIZERR_NEED_RETRY', 'SYSTEM_ERROR'],
  ['ORDERNOTEXIST', 'ORDER_NOT_EXIST'],
  ['ORDERPAID', 'ORDER_PAID'],
  ['ORDERCLOSED', 'ORDER_CLOSED'],
  ['NOTENOUGH', 'NOT_ENOUGH'],
  ['NOAUTH', 'NO_AUTH'],
  ['RULELIMIT', 'RULE_LIMIT'],
  ['ACCOUNTERROR', 'USER_ACCOUNT_ABNORMAL'],
  ['SIGNERROR', 'SIGN_ERROR'],
  ['MCHID_NOT_EXIST', 'MCH_NOT_EXISTS'],
  ['RATELIMIT', 'FREQUENCY_LIMITED'],
  ['RATE_LIMIT', 'FREQUENCY_LIMITED'],
  ['RATELIMIT_EXCEEDED', 'FREQUENCY_LIMITED'],
  ['REFUNDNOTEXIST', 'RESOURCE_NOT_EXISTS'],
])

/** Which table of codes an answer belongs to: the same code asks for different things. */
export type PayTopic = 'order' | 'refund_v2' | 'refund_v3' | 'refund_query'

const outcomeUnknownCodes = new Set(['SYSTEM_ERROR', 'BANK_ERROR', 'SERVICE_UNAVAILABLE'])
const retryLaterCodes = new Set([...outcomeUnknownCodes, 'FREQUENCY_LIMITED', 'ORDER_NOT_READY'])

const adviceByCode = new Map([
  ['PARAM_ERROR', 'Read the detail and fix the request; do not repeat it unchanged.'],
  ['LACK_PARAMS', 'Add the missing field.'],
  [
    'INVALID_REQUEST',
    'State or values do not allow it (paid, closed, other values for a known number): read the message.',
  ],
  ['SIGN_ERROR', 'Check the key, the serial number, the signed text and the clock.'],
  ['APPID_MCHID_NOT_MATCH', 'Bind the appid to the merchant in the merchant platform.'],
  ['APPID_NOT_EXIST', 'Check the appid.'],
  ['MCH_NOT_EXISTS', 'Check the merchant number.'],
  ['NO_AUTH', 'Enable the product in the merchant platform, or see whether the merchant is restricted.'],
  ['RULE_LIMIT', 'A risk rule of WeChat holds it back: contact WeChat Pay.'],
  ['OUT_TRADE_NO_USED', 'Query the order; if unpaid repeat the identical request or use a new number.'],
  ['ORDER_NOT_EXIST', 'No such order: check the number and the merchant; if the order call timed out, repeat it.'],
  ['ORDER_PAID', 'Already paid: query to confirm and treat it as paid.'],
  ['ORDER_CLOSED', 'The number is closed: use a new out_trade_no.'],
  ['ORDER_NOT_READY', 'The order is being processed: try again later.'],
  ['TRADE_ERROR', 'The business failed: read the message, query the order.'],
  ['TRADE_STATE_ERROR', 'The order is in a state that does not allow this: query it.'],
  ['NOT_ENOUGH', 'Not enough money: the payer takes another card, or the merchant tops up and repeats unchanged.'],
  ['USER_ACCOUNT_ABNORMAL', "The user's account does not allow it: use other means."],
  ['OPENID_MISMATCH', 'The openid belongs to another appid: use the openid of the appid in the request.'],
  ['RESOURCE_NOT_EXISTS', 'Order, refund or certificate unknown: check the number.'],
  ['FREQUENCY_LIMITED', 'Too many calls: slow down and repeat the identical request later. It is not a failure.'],
  ['SYSTEM_ERROR', 'The result is unknown: query, or repeat the identical request.'],
  ['BANK_ERROR', 'The result is unknown: query, or repeat the identical request.'],
  ['SERVICE_UNAVAILABLE', 'The result is unknown: query, or repeat the identical request.'],
  ['CERT_ERROR', 'The client certificate is missing, wrong or expired: check clientCertificate.'],
  ['INVALID_TRANSACTIONID', 'No such payment: check the transaction_id.'],
  ['XML_FORMAT_ERROR', 'The request is not well-formed XML.'],
  ['REQUIRE_POST_METHOD', 'Send a POST.'],
  ['POST_DATA_EMPTY', 'Send the body.'],
  ['NOT_UTF8', 'Send UTF-8.'],
  ['FAIL', 'WeChat did not accept the message: read return_msg; most often key, algorithm or merchant number.'],
])

/** The number at the end of Request-ID says more than the code. */
const meaningByRequestCode = new Map([
  ['268512771', 'the order does not exist'],
  ['268447840', 'frequency limit'],
  ['268435461', 'invalid parameter'],
  ['268435464', 'parameter out of range'],
  ['270924358', 'unknown extra parameter'],
  ['268449538', 'the order is already paid'],
  ['268498689', 'the order is already paid'],
  ['268443715', 'the merchant is unavailable or cancelled'],
  ['268447843', 'the order belongs to another merchant'],
  ['268447845', 'the order belongs to another sub merchant'],
  ['268447914', 'the order has expired'],
  ['268448010', "the merchant's collection is restricted"],
  ['268449641', 'this trade can only be reversed, not closed'],
  ['268443699', 'signature error'],
  ['268501013', 'the openid is missing'],
  ['268498688', 'the repeated request differs from the first'],
  ['268445527', 'appid and merchant do not match'],
  ['268443704', 'sub_mch_id is missing'],
  ['268443705', 'the sub merchant equals the merchant itself'],
  ['268443701', 'no provider relation'],
])

/**
 * The code in current spelling, what to do, whether WeChat may have carried the call out nevertheless, and whether the
 * identical call may be taken later.
 */
export function advisePay(apiCode: string, topic: PayTopic, requestId?: string): Advice & { canonicalCode: string } {
  const canonicalCode = legacySpellings.get(apiCode) ?? apiCode
  const { advice, ...consequences } = adviceAbout(canonicalCode, topic)
  const meaning = meaningByRequestCode.get(requestId?.match(/-(\d{1,12})$/)?.[1] ?? '')
  return {
    canonicalCode,
    advice: meaning === undefined ? advice : `${advice} Request-ID says: ${meaning}.`,
    ...consequences,
  }
}

function adviceAbout(code: string, topic: PayTopic): Advice {
  const known = adviceByCode.get(code)
  const general = {
    advice: known ?? 'Read the message; see the error table of the API.',
    // A code that no table lists says nothing about the money: the refund is asked about, never taken for failed.
    outcomeUnknown: outcomeUnknownCodes.has(code) || (known === undefined && isRefund(topic)),
    retryLater: retryLaterCodes.has(code),
  }
  if (isRefund(topic)) return { ...general, ...adviceAboutRefund(code, topic === 'refund_v3') }
  return topic === 'refund_query' ? { ...general, ...adviceAboutRefundQuery(code) } : general
}

function isRefund(topic: PayTopic): boolean {
  return topic === 'refund_v2' || topic === 'refund_v3'
}
