/** Pay v3 notifies. See pay-v3, "Notifications". */
import type { EncryptedResource } from '../crypto/aes-gcm.ts'
import { WechatMalformedError } from '../errors.ts'
import { type JsonFields, parseJsonObject } from './json-fields.ts'
import { readV3Transaction, type V3Transaction } from './v3-jsapi.ts'
import { withoutUndefined } from './without-undefined.ts'

interface V3NotifyEnvelope {
  /** Unique per event: the same one comes again until it is answered with 2xx. */
  id: string
  /** RFC 3339 with offset. */
  create_time: string
  summary?: string
}

/** A payment succeeded. */
export interface V3PaymentNotify extends V3NotifyEnvelope {
  kind: 'payment'
  event_type: 'TRANSACTION.SUCCESS'
  resource: V3Transaction
}

/** A refund reached its end. */
export interface V3RefundNotify extends V3NotifyEnvelope {
  kind: 'refund'
  event_type: 'REFUND.SUCCESS' | 'REFUND.ABNORMAL' | 'REFUND.CLOSED'
  resource: V3RefundResult
}

/** A genuine notify of a type that this library has no shape for; `resource` is the decrypted text. */
export interface V3OtherNotify extends V3NotifyEnvelope {
  kind: 'other'
  event_type: string
  resource: string
}

/** Discriminated by `kind`, which follows from `event_type`. */
export type V3Notify = V3PaymentNotify | V3RefundNotify | V3OtherNotify

/**
 * The refund in a notify; what queries call `status` is `refund_status` here, and it is the one that `event_type` names.
 * Amounts are in fen.
 */
export interface V3RefundResult {
  mchid: string
  transaction_id: string
  out_trade_no: string
  refund_id: string
  out_refund_no: string
  refund_status: 'SUCCESS' | 'CLOSED' | 'ABNORMAL'
  /** RFC 3339 with offset; only with SUCCESS. */
  success_time?: string
  user_received_account?: string
  amount: { total: number; refund: number; payer_total?: number; payer_refund?: number }
}

export interface SealedNotify {
  envelope: V3NotifyEnvelope
  event_type: string
  resource: EncryptedResource
}

/** The outer message, its content still encrypted. @throws WechatMalformedError */
export function readSealedNotify(body: Uint8Array): SealedNotify {
  const fields = parseJsonObject(body)
  return {
    envelope: withoutUndefined<V3NotifyEnvelope>({
      id: fields.text('id'),
      create_time: fields.text('create_time'),
      summary: fields.optionalText('summary'),
    }),
    event_type: fields.text('event_type'),
    resource: readEncryptedResource(fields.object('resource')),
  }
}

export function readEncryptedResource(fields: JsonFields): EncryptedResource {
  return withoutUndefined<EncryptedResource>({
    algorithm: fields.text('algorithm'),
    nonce: fields.text('nonce'),
    associated_data: fields.optionalText('associated_data'),
    ciphertext: fields.text('ciphertext'),
  })
}

/** The message with its decrypted content. @throws WechatMalformedError */
export function readV3Notify({ envelope, event_type }: SealedNotify, plaintext: Buffer): V3Notify {
  switch (event_type) {
    case 'TRANSACTION.SUCCESS':
      return { kind: 'payment', event_type, ...envelope, resource: readV3Transaction(parseJsonObject(plaintext)) }
    case 'REFUND.SUCCESS':
      return readRefundNotify(envelope, event_type, 'SUCCESS', plaintext)
    case 'REFUND.ABNORMAL':
      return readRefundNotify(envelope, event_type, 'ABNORMAL', plaintext)
    case 'REFUND.CLOSED':
      return readRefundNotify(envelope, event_type, 'CLOSED', plaintext)
    default:
      return { kind: 'other', event_type, ...envelope, resource: plaintext.toString('utf8') }
  }
}

function readRefundNotify(
  envelope: V3NotifyEnvelope,
  event_type: V3RefundNotify['event_type'],
  status: V3RefundResult['refund_status'],
  plaintext: Buffer,
): V3RefundNotify {
  const fields = parseJsonObject(plaintext)
  if (fields.text('refund_status') === status) {
    return { kind: 'refund', event_type, ...envelope, resource: readRefundResult(fields, status) }
  }
  throw new WechatMalformedError('invalid_field', 'refund_status and event_type disagree', 'refund_status')
}

function readRefundResult(fields: JsonFields, refund_status: V3RefundResult['refund_status']): V3RefundResult {
  const amount = fields.object('amount')
  return withoutUndefined<V3RefundResult>({
    mchid: fields.text('mchid'),
    transaction_id: fields.text('transaction_id'),
    out_trade_no: fields.text('out_trade_no'),
    refund_id: fields.text('refund_id'),
    out_refund_no: fields.text('out_refund_no'),
    refund_status,
    success_time: refund_status === 'SUCCESS' ? fields.optionalText('success_time') : undefined,
    user_received_account: fields.optionalText('user_received_account'),
    amount: withoutUndefined<V3RefundResult['amount']>({
      total: amount.integer('total'),
      refund: amount.integer('refund'),
      payer_total: amount.optionalInteger('payer_total'),
      payer_refund: amount.optionalInteger('payer_refund'),
    }),
  })
}
