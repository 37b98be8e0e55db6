import type { PayV3Client, V3Refund, V3Transaction } from '@fenpay/wechat'
import type { Attempt } from '../domain/attempt.ts'
import type { PaymentEvidence } from '../domain/payment.ts'
import type { RefundEvidence } from '../domain/refund.ts'
import { toBeijingRfc3339, validDate } from './beijing-time.ts'
import {
  closeFailureOf,
  prepayFailureOf,
  queryFailureOf,
  queryOutcomeOf,
  refundFailureOf,
  refundQueryFailureOf,
  refundStateOf,
  refusedNotifyOf,
} from './outcomes.ts'
import type { ProtocolGateway } from './protocol-gateway.ts'
import { sendableReason } from './refund-reason.ts'

/** Pay v3 of one merchant as the commands see it: wire objects on one side, outcomes on the other. */
export function payV3Gateway(client: PayV3Client): ProtocolGateway {
  return {
    async prepay(attempt) {
      try {
        const { prepay_id } = await client.prepayJsapi({
          appid: attempt.appid,
          description: attempt.description,
          out_trade_no: attempt.outTradeNo,
          time_expire: toBeijingRfc3339(attempt.timeExpire),
          notify_url: attempt.notifyUrl,
          amount: { total: attempt.totalFen, currency: 'CNY' },
          payer: { openid: attempt.openid },
          scene_info: { payer_client_ip: attempt.clientIp },
        })
        return { outcome: 'prepaid', prepayId: prepay_id }
      } catch (error) {
        return prepayFailureOf(error)
      }
    },
    async query(attempt) {
      try {
        const transaction = await client.queryByOutTradeNo(attempt.outTradeNo)
        return queryOutcomeOf(transaction.trade_state, evidenceOf(transaction, 'query'))
      } catch (error) {
        return queryFailureOf(error)
      }
    },
    async close(attempt: Attempt) {
      try {
        await client.close(attempt.outTradeNo)
        return { outcome: 'closed' }
      } catch (error) {
        return closeFailureOf(error)
      }
    },
    async refund(refund) {
      const reason = sendableReason(refund.reason)
      try {
        const known = await client.refund({
          transaction_id: refund.transactionId,
          out_refund_no: refund.outRefundNo,
          ...(reason === undefined ? {} : { reason }),
          ...(refund.notifyUrl === undefined ? {} : { notify_url: refund.notifyUrl }),
          amount: { refund: refund.amountFen, total: refund.totalFen, currency: 'CNY' },
        })
        return { outcome: 'known', evidence: refundEvidenceOf(known, 'answer') }
      } catch (error) {
        return refundFailureOf(error)
      }
    },
    async queryRefund({ outRefundNo }) {
      try {
        return { outcome: 'known', evidence: refundEvidenceOf(await client.queryRefund(outRefundNo), 'query') }
      } catch (error) {
        return refundQueryFailureOf(error)
      }
    },
    // WeChat has no list of an order's refunds in v3.
    listRefunds: async () => ({ outcome: 'not_listed' }),
    paymentParameters: (attempt, prepayId) => client.paymentParams({ appid: attempt.appid, prepayId }),
    async readNotify(headers, body) {
      try {
        const notify = await client.parseNotify({ headers, body })
        if (notify.kind === 'refund') {
          const { resource } = notify
          const evidence = refundEvidenceOf({ ...resource, status: resource.refund_status }, 'notify')
          return { outcome: 'refund', mchid: resource.mchid, signed: true, evidence }
        }
        if (notify.kind !== 'payment') return { outcome: 'other', eventType: notify.event_type }
        const { trade_state, out_trade_no } = notify.resource
        if (trade_state !== 'SUCCESS') return { outcome: 'refused', reason: 'not_success', outTradeNo: out_trade_no }
        const evidence = evidenceOf(notify.resource, 'notify')
        return evidence === undefined
          ? { outcome: 'refused', reason: 'incomplete', outTradeNo: out_trade_no }
          : { outcome: 'payment', evidence }
      } catch (error) {
        return refusedNotifyOf(error)
      }
    },
  }
}

function refundEvidenceOf(
  refund: Pick<
    V3Refund,
    'refund_id' | 'out_refund_no' | 'transaction_id' | 'out_trade_no' | 'success_time' | 'status'
  > & { amount: { total: number; refund: number } },
  source: RefundEvidence['source'],
): RefundEvidence {
  return {
    source,
    outRefundNo: refund.out_refund_no,
    refundId: refund.refund_id,
    outTradeNo: refund.out_trade_no,
    transactionId: refund.transaction_id,
    amountFen: refund.amount.refund,
    totalFen: refund.amount.total,
    state: refundStateOf(refund.status),
    successTime: validDate(refund.success_time ?? ''),
  }
}

function evidenceOf(transaction: V3Transaction, source: PaymentEvidence['source']): PaymentEvidence | undefined {
  const { transaction_id, amount, payer, success_time } = transaction
  const successTime = validDate(success_time ?? '')
  if (transaction_id === undefined || amount?.total === undefined || payer?.openid === undefined) return undefined
  if (successTime === undefined) return undefined
  return {
    source,
    payApi: 'v3',
    mchid: transaction.mchid,
    appid: transaction.appid,
    outTradeNo: transaction.out_trade_no,
    transactionId: transaction_id,
    amountFen: amount.total,
    currency: amount.currency ?? 'CNY',
    payerOpenid: payer.openid,
    successTime,
  }
}
