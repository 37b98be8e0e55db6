/**
 * Every error the API can answer, by its stable code: the HTTP status, what it means, and what the caller does next.
 * The body is `application/problem+json`: `{ type, title, status, code, detail, request_id }`, with `problems`
 * on `invalid_request` and `wechat` where WeChat said something (RFC 9457).
 */
export const errorCatalogue = {
  invalid_request: {
    status: 400,
    title: 'The request does not have the documented shape.',
    advice: 'Read `problems`: each names the field and the rule. Do not retry unchanged.',
  },
  malformed_body: {
    status: 400,
    title: 'The body is not well-formed.',
    advice: 'Send one well-formed JSON object or form, in UTF-8, with the matching content type.',
  },
  wx_code_invalid: {
    status: 400,
    title: 'WeChat does not accept this login code.',
    advice: 'Call wx.login again and send the new code. A code is valid for five minutes, once, for one mini program.',
  },
  user_info_invalid: {
    status: 400,
    title: 'The user information does not belong to this login.',
    advice:
      'Send rawData, signature, encryptedData and iv exactly as WeChat gave them, with the code of the same login.',
  },
  phone_code_invalid: {
    status: 400,
    title: 'WeChat does not accept this phone number code.',
    advice: 'Let the user tap the phone number button again. This code is not the one of wx.login.',
  },
  login_required: {
    status: 401,
    title: 'There is no valid session.',
    advice: 'Log in with wx.login and POST /users/wxlogin, then repeat the request with the new token.',
  },
  user_blocked: {
    status: 403,
    title: 'WeChat refuses the login of this user.',
    advice: 'WeChat sees a risk in this user. Show a message; do not retry.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing at this address.',
    advice: 'See /docs for the addresses that exist.',
  },
  order_not_found: {
    status: 404,
    title: 'You have no order with this number.',
    advice: 'Use an order_number that POST /order/submit answered to the same user.',
  },
  method_not_allowed: {
    status: 405,
    title: 'This address does not answer to that method.',
    advice: 'See the allow header and /docs.',
  },
  product_unknown: {
    status: 409,
    title: 'A product of this order is not on sale.',
    advice: 'Load /products again and let the user look at the cart.',
  },
  out_of_stock: {
    status: 409,
    title: 'There are not enough pieces left.',
    advice: 'Load /products again and let the user choose fewer.',
  },
  virtual_goods_refused: {
    status: 409,
    title: 'Virtual goods may not be sold by ordinary payment inside a mini program.',
    advice: 'Take the item out of the order. WeChat asks for wx.requestVirtualPayment for goods that are not physical.',
  },
  order_total_out_of_range: {
    status: 409,
    title: 'The total of the order is not between 1 fen and 100,000 yuan.',
    advice: 'Split the order.',
  },
  order_already_paid: {
    status: 409,
    title: 'This order is paid.',
    advice: 'Show it as paid; ask POST /my/orders/chkOrder for its facts.',
  },
  order_closed: {
    status: 409,
    title: 'This order is closed, or about to be.',
    advice: 'Submit a new order.',
  },
  order_expired: {
    status: 409,
    title: 'The time to pay this order is over.',
    advice: 'Submit a new order.',
  },
  order_not_paid: {
    status: 409,
    title: 'There is no payment to give back.',
    advice: 'Only what a paid order took can be refunded; ask POST /my/orders/chkOrder for its state.',
  },
  refund_exceeds_payment: {
    status: 409,
    title: 'More would be given back than is left of the payment.',
    advice: 'Ask for at most `refundable_fen`. What earlier refunds hold counts until they have failed.',
  },
  refund_item_unavailable: {
    status: 409,
    title: 'The order does not have so many of these pieces left to refund.',
    advice: 'Choose among the items of the order that no refund holds.',
  },
  refund_too_soon: {
    status: 409,
    title: 'WeChat wants a minute between two refunds of one payment.',
    advice: 'Repeat it in a minute.',
  },
  refund_too_many: {
    status: 409,
    title: 'WeChat takes at most 50 refunds of one payment.',
    advice: 'Give the rest back by other means.',
  },
  refund_too_late: {
    status: 409,
    title: 'WeChat refunds a payment for one year.',
    advice: 'Give the money back by other means.',
  },
  refund_not_configured: {
    status: 409,
    title: 'The merchant certificate for refunds is not configured.',
    advice: 'Pay v2 refunds over mutual TLS: set FENPAY_MERCHANT_CERTIFICATE to the PEM of apiclient_cert.pem.',
  },
  refund_request_open: {
    status: 409,
    title: 'A refund of this order was asked for already.',
    advice: 'Wait for the answer; `refund_request` of the order tells it.',
  },
  refund_request_not_found: {
    status: 404,
    title: 'There is no open refund request of this order.',
    advice: 'See the order for what was asked and answered.',
  },
  idempotency_key_reused: {
    status: 409,
    title: 'This Idempotency-Key was used with another request.',
    advice: 'Keep one key for one request and its repeats; make a new key for a new request.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large.',
    advice: 'Send at most 64 KiB.',
  },
  avatar_invalid: {
    status: 400,
    title: 'This is no picture for an avatar.',
    advice: 'Send one PNG, JPEG or WebP file of at most 256 KiB in the field `avatar`, as wx.uploadFile does.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'This address does not take that content type.',
    advice: 'Send application/json, or application/x-www-form-urlencoded where the documentation says so.',
  },
  too_many_open_orders: {
    status: 429,
    title: 'You have too many unpaid orders.',
    advice: 'Pay or cancel one of them first.',
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests.',
    advice: 'Wait as long as the retry-after header says, in seconds.',
  },
  internal: {
    status: 500,
    title: 'Something went wrong on our side.',
    advice: 'Quote the request_id. A read may be repeated; before repeating a payment step, ask chkOrder.',
  },
  wechat_refused: {
    status: 502,
    title: 'WeChat refused the request.',
    advice: 'Read `wechat`: its code and text are there as WeChat gave them. The operator has to act.',
  },
  wechat_unverified: {
    status: 502,
    title: 'The answer in the name of WeChat could not be verified.',
    advice: 'Nothing was taken from it. Ask again in a moment.',
  },
  database_unavailable: {
    status: 503,
    title: 'The database does not answer.',
    advice: 'Repeat the same request in a moment, an order with the same Idempotency-Key: nothing is doubled.',
  },
  payment_not_configured: {
    status: 503,
    title: 'The shop cannot go on with this payment at the moment.',
    advice:
      'Repeat the same request later: the order is kept. The operator has to act, and finds in the log what to do.',
  },
  wechat_unreachable: {
    status: 504,
    title: 'WeChat did not answer in time.',
    advice: 'Repeat the same request in a moment: it goes on where it stopped, nothing is doubled.',
  },
} as const satisfies Record<string, { status: number; title: string; advice: string }>

/** A stable error code of the API. */
export type ErrorCode = keyof typeof errorCatalogue
