/** What to do about a refusal of Pay v2 or v3. From the error tables of pay-v2 and pay-v3 (sections 12 and 13). */

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

const outcomeUnknownCodes = new Set(['SYSTEM_ERROR', 'BANK_ERROR', 'SERVICE_UNAVAILABLE'])

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
  ['XML_FORMAT_ERROR', 'The request is not well-formed XML.'],
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

/** The code in current spelling, what to do, and whether WeChat may have carried the call out nevertheless. */
export function advisePay(
  apiCode: string,
  requestId?: string,
): { canonicalCode: string; advice: string; outcomeUnknown: boolean } {
  const canonicalCode = legacySpellings.get(apiCode) ?? apiCode
  const advice = adviceByCode.get(canonicalCode) ?? 'Read the message; see the error table of the API.'
  const meaning = meaningByRequestCode.get(requestId?.match(/-(\d{1,12})$/)?.[1] ?? '')
  return {
    canonicalCode,
    advice: meaning === undefined ? advice : `${advice} Request-ID says: ${meaning}.`,
    outcomeUnknown: outcomeUnknownCodes.has(canonicalCode),
  }
}
