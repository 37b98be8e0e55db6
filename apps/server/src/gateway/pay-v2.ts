import type { PayV2Client, V2Order, V2PaymentNotify, V2Refund } from '@fenpay/wechat'
import type { PayApi } from '../domain/attempt.ts'
import type { PaymentEvidence } from '../domain/payment.ts'
import type { RefundEvidence } from '../domain/refund.ts'
import { fromBeijingDigits, toBeijingDigits } from './beijing-time.ts'
import {
  closeFailureOf,
  notifyReasonOf,
  prepayFailureOf,
  queryFailureOf,
  queryOutcomeOf,
  refundFailureOf,
  refundQueryFailureOf,
  refundStateOf,
  unknownOutcomeOf,
} from './outcomes.ts'
import type { ProtocolGateway } from './protocol-gateway.ts'
import { sendableReason } from './refund-reason.ts'

/** Pay v2 of one merchant as the commands see it. The sign type is the client's, as `payApi` says. */
export function payV2Gateway(client: PayV2Client, payApi: PayApi): ProtocolGateway {
  return {
    async prepay(attempt) {
      try {
        const { prepay_id } = await client.unifiedOrder({
          appid: attempt.appid,
          body: attempt.description,
          out_trade_no: attempt.outTradeNo,
          total_fee: attempt.totalFen,
          spbill_create_ip: attempt.clientIp,
          time_start: toBeijingDigits(attempt.createdAt),
          time_expire: toBeijingDigits(attempt.timeExpire),
          notify_url: attempt.notifyUrl,
          trade_type: 'JSAPI',
          openid: attempt.openid,
        })
        return { outcome: 'prepaid', prepayId: prepay_id }
      } catch (error) {
        return prepayFailureOf(error)
      }
    },
    async query(attempt) {
      try {
        const order = await client.queryOrder({ appid: attempt.appid, out_trade_no: attempt.outTradeNo })
        return queryOutcomeOf(order.trade_state, evidenceOf(order, payApi, 'query'))
      } catch (error) {
        return queryFailureOf(error)
      }
    },
    async close(attempt) {
      try {
        await client.closeOrder({ appid: attempt.appid, out_trade_no: attempt.outTradeNo })
        return { outcome: 'closed' }
      } catch (error) {
        return closeFailureOf(error)
      }
    },
    async refund(refund) {
      const reason = sendableReason(refund.reason)
      try {
        const known = await client.refund({
          appid: refund.appid,
          transaction_id: refund.transactionId,
          out_refund_no: refund.outRefundNo,
          total_fee: refund.totalFen,
          refund_fee: refund.amountFen,
          ...(reason === undefined ? {} : { refund_desc: reason }),
          ...(refund.notifyUrl === undefined ? {} : { notify_url: refund.notifyUrl }),
        })
        // Accepted, that is all v2 says here.
        return { outcome: 'known', evidence: refundEvidenceOf({ ...known, refund_status: 'PROCESSING' }, 'answer') }
      } catch (error) {
        return refundFailureOf(error)
      }
    },
    async queryRefund({ appid, outRefundNo }) {
      try {
        const known = await client.queryRefund({ appid, out_refund_no: outRefundNo })
        return { outcome: 'known', evidence: refundEvidenceOf(known, 'query') }
      } catch (error) {
        return refundQueryFailureOf(error)
      }
    },
    async listRefunds({ appid, outTradeNo }) {
      try {
        const refunds = await client.queryRefunds({ appid, out_trade_no: outTradeNo })
        return { outcome: 'listed', refunds: refunds.map((refund) => refundEvidenceOf(refund, 'query')) }
      } catch (error) {
        return unknownOutcomeOf(error)
      }
    },
    paymentParameters: async (attempt, prepayId) => client.paymentParams({ appid: attempt.appid, prepayId }),
    async readNotify(_headers, body) {
      try {
        // A refund's message has no sign, and nothing of it is believed without asking (A63).
        if (Buffer.from(body).includes('<req_info>')) {
          const refund = client.parseRefundNotify(body)
          const evidence = refundEvidenceOf({ ...refund, refund_success_time: refund.success_time }, 'notify')
          return { outcome: 'refund', mchid: refund.mch_id, signed: false, evidence }
        }
        const notify = client.parsePaymentNotify(body)
        const evidence = evidenceOf(notify, payApi, 'notify')
        return evidence === undefined
          ? { outcome: 'refused', reason: 'incomplete', outTradeNo: notify.out_trade_no }
          : { outcome: 'payment', evidence }
      } catch (error) {
        return { outcome: 'refused', reason: notifyReasonOf(error) }
      }
    },
  }
}

function refundEvidenceOf(
  refund: Pick<
    V2Refund,
    'refund_id' | 'out_refund_no' | 'transaction_id' | 'out_trade_no' | 'total_fee' | 'refund_fee'
  > & {
    refund_status: string
    refund_success_time?: string | undefined
  },
  source: RefundEvidence['source'],
): RefundEvidence {
  return {
    source,
    outRefundNo: refund.out_refund_no,
    refundId: refund.refund_id,
    outTradeNo: refund.out_trade_no,
    transactionId: refund.transaction_id,
    amountFen: refund.refund_fee,
    totalFen: refund.total_fee,
    state: refundStateOf(refund.refund_status),
    // `yyyy-MM-dd HH:mm:ss`
    successTime: fromBeijingDigits((refund.refund_success_time ?? '').replace(/\D/g, '')),
  }
}

function evidenceOf(
  order: V2Order | V2PaymentNotify,
  payApi: PayApi,
  source: PaymentEvidence['source'],
): PaymentEvidence | undefined {
  const { transaction_id, total_fee, openid } = order
  const successTime = fromBeijingDigits(order.time_end ?? '')
  if (transaction_id === undefined || total_fee === undefined || openid === undefined) return undefined
  if (successTime === undefined) return undefined
  return {
    source,
    payApi,
    mchid: order.mch_id,
    appid: order.appid,
    outTradeNo: order.out_trade_no,
    transactionId: transaction_id,
    amountFen: total_fee,
    currency: order.fee_type ?? 'CNY',
    payerOpenid: openid,
    successTime,
  }
}
