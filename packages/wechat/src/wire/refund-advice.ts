/** What codes mean for refunds, where it differs from orders. From pay-v2 (sections 7, 8) and pay-v3 (9, 12). */

/** What a refusal asks for. */
export interface Advice {
  advice: string
  /** WeChat may have carried out the call. */
  outcomeUnknown: boolean
  /** The identical call may be taken later. */
  retryLater: boolean
}

const refused = { outcomeUnknown: false, retryLater: false }
const later = { outcomeUnknown: false, retryLater: true }
const unknown = { outcomeUnknown: true, retryLater: true }

const askFirst =
  'The result is unknown: query the refund, or repeat the identical request; never take a new out_refund_no.'

const aboutRefund = new Map<string, Advice>([
  ['SYSTEM_ERROR', { advice: askFirst, ...unknown }],
  ['BANK_ERROR', { advice: askFirst, ...unknown }],
  ['SERVICE_UNAVAILABLE', { advice: askFirst, ...unknown }],
  [
    'NOT_ENOUGH',
    { advice: "The merchant's funds do not suffice: top up, then repeat with the same out_refund_no.", ...later },
  ],
  [
    'ORDER_NOT_READY',
    { advice: 'The order is being processed: repeat the identical request in a few minutes.', ...later },
  ],
  // Without a code, and as a rule without a signature, nothing is said about the money.
  [
    'FAIL',
    {
      advice:
        'WeChat did not take the message: read return_msg (most often key, certificate, algorithm or merchant number), mend it, then query the refund or repeat the identical request.',
      outcomeUnknown: true,
      retryLater: false,
    },
  ],
  ['TRADE_OVERDUE', { advice: 'The payment is older than a year: give the money back by other means.', ...refused }],
  [
    'USER_ACCOUNT_ABNORMAL',
    { advice: "The user's account is closed: give the money back by other means.", ...refused },
  ],
  [
    'REFUND_FEE_MISMATCH',
    {
      advice:
        'The out_refund_no is known with other values, or total is not the amount of the order: query the refund first, then repeat with its first values or take a new number.',
      ...refused,
    },
  ],
  [
    'INVALID_REQUEST',
    { advice: 'State or values do not allow it (more than is left, for one): read the message, query.', ...refused },
  ],
  ['INVALID_REQ_TOO_MUCH', { advice: 'Too many invalid requests: mend them and wait at least a minute.', ...refused }],
  ['ERROR', { advice: 'A business error, such as an order refunded in full: read the message, query.', ...refused }],
  ['ORDER_NOT_EXIST', { advice: 'No such order, or it is not paid: check number and merchant.', ...refused }],
  ['RESOURCE_NOT_EXISTS', { advice: 'No such order, or it is not paid: check number and merchant.', ...refused }],
  [
    'NO_AUTH',
    { advice: "Add this server's address to the IP white list, and see whether refunds are allowed.", ...refused },
  ],
])

const limitedV2: Advice = { advice: 'Too many calls: repeat the identical request later.', ...later }
const limitedV3: Advice = {
  advice: 'Too many calls, and the refund may already be in progress: wait, query it, only then repeat it unchanged.',
  ...unknown,
}

const notAccepted: Advice = {
  advice:
    'No such refund: check the number. If its request was sent, it was never accepted: repeat it unchanged, with the same out_refund_no.',
  ...refused,
}

/** For a code that asks for something else when a refund is applied for. */
export function adviceAboutRefund(code: string, isV3: boolean): Advice | undefined {
  if (code === 'FREQUENCY_LIMITED') return isV3 ? limitedV3 : limitedV2
  return aboutRefund.get(code)
}

/** For a code that asks for something else when a refund is asked about. */
export function adviceAboutRefundQuery(code: string): Advice | undefined {
  return code === 'RESOURCE_NOT_EXISTS' ? notAccepted : undefined
}
