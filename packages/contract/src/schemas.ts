/**
 * The shapes of our HTTP API as JSON schemas. The server validates and documents with them;
 * {@link ./types.ts} derives the TypeScript types, so that a client pays nothing for the schemas at run time.
 * Our JSON is snake_case and closed: an unknown field is refused, an array where a value is asked for as well.
 */
import Type from 'typebox'

const closed = { additionalProperties: false }
const instant = (description: string) =>
  Type.String({ format: 'date-time', description: `${description} RFC 3339, UTC.` })
const amountFen = (description: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: `${description} In fen.` })

/** `order_number`: 26 characters, 128 random bits. */
export const orderNumberSchema = Type.String({ pattern: '^[0-9A-HJKMNP-TV-Z]{26}$', maxLength: 26 })

export const wxLoginRequestSchema = Type.Object(
  {
    code: Type.String({ minLength: 1, maxLength: 128, description: 'What wx.login gave. Valid five minutes, once.' }),
    appid: Type.Optional(
      Type.String({ pattern: '^wx[0-9a-f]{16}$', description: 'The mini program; default: the one configured first.' }),
    ),
    encryptedData: Type.Optional(Type.String({ minLength: 1, maxLength: 16384 })),
    rawData: Type.Optional(Type.String({ minLength: 1, maxLength: 8192 })),
    iv: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    signature: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
  },
  {
    ...closed,
    description:
      'The code alone, or with all four of encryptedData, rawData, iv and signature, as the getUserInfo button gave them.',
  },
)

export const wxLoginAnswerSchema = Type.Object(
  { token: Type.String({ description: 'Opaque session token for the Authorization header.' }) },
  closed,
)

export const productSchema = Type.Object(
  {
    sku: Type.String(),
    name: Type.String(),
    description: Type.String(),
    category: Type.String(),
    kind: Type.Union([Type.Literal('physical'), Type.Literal('virtual')], {
      description: 'Virtual goods may not be sold by ordinary payment inside a mini program.',
    }),
    price_fen: amountFen('Price of one piece.'),
    stock: Type.Integer({ minimum: 0, description: 'Pieces that can be ordered now.' }),
  },
  closed,
)

export const productsAnswerSchema = Type.Object({ products: Type.Array(productSchema) }, closed)

export const submitOrderRequestSchema = Type.Object(
  {
    items: Type.Array(
      Type.Object(
        {
          sku: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
          quantity: Type.Integer({ minimum: 1, maximum: 999 }),
        },
        closed,
      ),
      { minItems: 1, maxItems: 50, description: 'The price comes from the catalogue, never from here.' },
    ),
    remark: Type.Optional(
      Type.String({ maxLength: 200, pattern: '^[^\\u0000-\\u0008\\u000B\\u000C\\u000E-\\u001F\\u007F]*$' }),
    ),
  },
  closed,
)

export const submitOrderAnswerSchema = Type.Object({ order_number: Type.String() }, closed)

export const orderNumberRequestSchema = Type.Object({ order_number: orderNumberSchema }, closed)

/** The five parameters of wx.requestPayment, handed over untouched. */
export const paymentParametersSchema = Type.Object(
  {
    timeStamp: Type.String({ description: 'Seconds since 1970, as a string.' }),
    nonceStr: Type.String(),
    package: Type.String({ description: 'prepay_id=…' }),
    signType: Type.Union([Type.Literal('RSA'), Type.Literal('MD5'), Type.Literal('HMAC-SHA256')]),
    paySign: Type.String(),
  },
  closed,
)

export const prepayAnswerSchema = Type.Object({ pay: paymentParametersSchema }, closed)

export const orderStatusSchema = Type.Union(
  [Type.Literal('pending'), Type.Literal('closing'), Type.Literal('paid'), Type.Literal('closed')],
  {
    description: 'pending: can be paid. closing: being closed at WeChat, a payment still counts. paid, closed: final.',
  },
)

export const pendingReasonSchema = Type.Union(
  [
    Type.Literal('no_payment_started'),
    Type.Literal('not_paid'),
    Type.Literal('wechat_unreachable'),
    Type.Literal('wechat_unverified'),
    Type.Literal('wechat_refused'),
    Type.Literal('money_in_suspense'),
  ],
  { description: 'Why the order is not settled: what WeChat said, or that it could not be asked.' },
)

export const orderLineSchema = Type.Object(
  {
    sku: Type.String(),
    name: Type.String(),
    price_fen: amountFen('Price of one piece when the order was made.'),
    quantity: Type.Integer({ minimum: 1 }),
    amount_fen: amountFen('price_fen × quantity.'),
  },
  closed,
)

export const orderEventSchema = Type.Object(
  {
    seq: Type.Integer({ minimum: 1 }),
    kind: Type.String(),
    from: Type.Optional(orderStatusSchema),
    to: orderStatusSchema,
    cause: Type.String({ description: 'What brought it: submit, notify, query, cancel, …' }),
    at: instant('When it was written.'),
  },
  closed,
)

export const refundStatusSchema = Type.Union(
  [
    Type.Literal('pending'),
    Type.Literal('processing'),
    Type.Literal('succeeded'),
    Type.Literal('abnormal'),
    Type.Literal('failed'),
  ],
  {
    description:
      'pending: WeChat has not accepted it yet. processing: accepted, the money is on its way. succeeded: it is back. ' +
      'abnormal: WeChat could not give it back, the merchant has to act. failed: it came to nothing.',
  },
)

const refundedItemSchema = Type.Object({ sku: Type.String(), quantity: Type.Integer({ minimum: 1 }) }, closed)

/** The longest reason of a refund, in characters: WeChat's own limit (pay-v3.md 9). */
const refundReasonMax = 80

export const refundSchema = Type.Object(
  {
    refund_number: Type.String({ description: 'WeChat knows it as out_refund_no.' }),
    status: refundStatusSchema,
    amount_fen: amountFen('What is given back.'),
    reason: Type.String(),
    items: Type.Array(refundedItemSchema, { description: 'The pieces it is for; none when it is for an amount.' }),
    created_at: instant('When it was decided.'),
    succeeded_at: Type.Optional(instant("WeChat's success_time.")),
  },
  closed,
)

/** What a user asked to have back; the merchant's staff accept or decline it. */
export const refundRequestSchema = Type.Object(
  {
    status: Type.Union([Type.Literal('open'), Type.Literal('accepted'), Type.Literal('declined')]),
    amount_fen: amountFen('What was asked for.'),
    reason: Type.String(),
    items: Type.Array(refundedItemSchema),
    created_at: instant('When it was asked.'),
    answer: Type.Optional(Type.String({ description: 'What the staff said to it.' })),
    answered_at: Type.Optional(instant('When it was answered.')),
  },
  closed,
)

export const askRefundRequestSchema = Type.Object(
  {
    order_number: orderNumberSchema,
    reason: Type.String({
      minLength: 1,
      maxLength: refundReasonMax,
      pattern: '^[^\\u0000-\\u001F\\u007F]*[^\\s\\u0000-\\u001F\\u007F][^\\u0000-\\u001F\\u007F]*$',
      description: 'What the user says; the user also reads it in the refund.',
    }),
    items: Type.Optional(
      Type.Array(
        Type.Object(
          {
            sku: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
            quantity: Type.Integer({ minimum: 1, maximum: 999 }),
          },
          closed,
        ),
        { minItems: 1, maxItems: 50, description: 'Without it: everything that is left.' },
      ),
    ),
  },
  closed,
)

export const orderSummarySchema = Type.Object(
  {
    order_number: Type.String(),
    status: orderStatusSchema,
    total_fen: amountFen('What the order costs.'),
    remark: Type.Optional(Type.String()),
    created_at: instant('When it was submitted.'),
    expires_at: instant('Until when it can be paid.'),
    paid_at: Type.Optional(instant("WeChat's success_time.")),
    closed_at: Type.Optional(instant('When it was closed.')),
    refunded_fen: amountFen('What was given back of it so far.'),
    items: Type.Array(orderLineSchema),
  },
  closed,
)

export const orderSchema = Type.Object(
  {
    ...orderSummarySchema.properties,
    pending_reason: Type.Optional(pendingReasonSchema),
    refundable_fen: amountFen('What can still be asked back; 0 unless the order is paid.'),
    refunds: Type.Array(refundSchema, { description: 'Oldest first.' }),
    refund_request: Type.Optional(refundRequestSchema),
    events: Type.Array(orderEventSchema),
  },
  closed,
)

export const myOrdersQuerySchema = Type.Object(
  {
    status: Type.Optional(orderStatusSchema),
    limit: Type.Optional(Type.String({ pattern: '^([1-9]|[1-4][0-9]|50)$', description: '1 to 50, default 20.' })),
    cursor: Type.Optional(
      Type.String({ maxLength: 128, pattern: '^[A-Za-z0-9_-]+$', description: 'next_cursor as answered.' }),
    ),
  },
  closed,
)

export const myOrdersAnswerSchema = Type.Object(
  { orders: Type.Array(orderSummarySchema), next_cursor: Type.Optional(Type.String()) },
  closed,
)

export const profileSchema = Type.Object(
  {
    nickname: Type.Optional(Type.String()),
    avatar_path: Type.Optional(Type.String({ description: 'Where the avatar is, under this API.' })),
    phone: Type.Optional(Type.String({ description: 'The phone number, its middle hidden.' })),
  },
  closed,
)

export const changeProfileRequestSchema = Type.Object(
  { nickname: Type.String({ minLength: 1, maxLength: 32, pattern: '^[^\\u0000-\\u001F\\u007F]*$' }) },
  closed,
)

export const bindPhoneRequestSchema = Type.Object(
  {
    code: Type.String({
      minLength: 1,
      maxLength: 128,
      description: 'What the phone number button gave, not wx.login.',
    }),
  },
  closed,
)

export const problemSchema = Type.Object({
  type: Type.String({ description: 'about:blank' }),
  title: Type.String(),
  status: Type.Integer(),
  code: Type.String({ description: 'Stable; see the table of errors.' }),
  detail: Type.String({ description: 'What was wrong here, and what to do.' }),
  request_id: Type.String(),
  problems: Type.Optional(Type.Array(Type.Object({ field: Type.String(), rule: Type.String() }, closed))),
  wechat: Type.Optional(
    Type.Object(
      { code: Type.String(), message: Type.String() },
      { ...closed, description: "WeChat's own code and text." },
    ),
  ),
})
