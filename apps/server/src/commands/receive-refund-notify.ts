import type { PayApi } from '../domain/attempt.ts'
import type { RefundEvidence, RefundStatus } from '../domain/refund.ts'
import type { InboxVerdict, NotifyReading, NotifyStore, PaymentGateway, World } from '../ports.ts'
import { applyPayment } from './apply-payment.ts'
import { applyRefund } from './apply-refund.ts'
import { externalRefundFlag, recordExternalRefund } from './external-refund.ts'
import { raiseFlag } from './raise-flag.ts'

type Ports = { notifyStore: NotifyStore; payment: PaymentGateway; world: World }
type RefundReading = Extract<NotifyReading, { outcome: 'refund' }>
/** What is believed, and how the refund stood here when WeChat was asked. */
type Believed = { evidence: RefundEvidence; askedAs?: RefundStatus | undefined }

/**
 * A message about a refund. A signed result is applied as it is. What only decrypts (v2) is a reason to ask, since its
 * cipher does not reveal an edit (A63); so is that a refund is abnormal, since it may have been mended when that is told
 * late (F43). A number that is none of ours was refunded in the merchant platform: it is recorded and flagged (F19, F76),
 * its payment first where that is not known yet (F4).
 * @returns decided with its effect committed, or why the message is not taken: then WeChat sends it again
 */
export async function receiveRefundNotify(
  ports: Ports,
  merchantId: string,
  payApi: PayApi,
  inboxId: string,
  reading: RefundReading,
): Promise<'decided' | { refused: string }> {
  const told = reading.evidence
  const isFinal = told.state === 'succeeded' || told.state === 'closed'
  const believed = reading.signed && isFinal ? { evidence: told } : await askWeChat(ports, merchantId, payApi, told)
  if (believed === undefined) return { refused: 'refund_not_confirmed' }
  const { evidence } = believed
  if (evidence.transactionId !== told.transactionId || evidence.outRefundNo !== told.outRefundNo)
    return { refused: 'refund_mismatch' }

  const decided = await decide(ports, merchantId, inboxId, believed)
  if (decided !== 'payment_unknown') return decided === 'decided' ? decided : { refused: decided }
  await learnPayment(ports, merchantId, evidence)
  const again = await decide(ports, merchantId, inboxId, believed)
  if (again === 'payment_unknown' && evidence.state !== 'closed') await flagUnknownPayment(ports, merchantId, evidence)
  return again === 'decided' ? again : { refused: again }
}

/** WeChat comes again for a day. If the payment is not known by then, the flag is all that is left of it (F6). */
function flagUnknownPayment(ports: Ports, merchantId: string, evidence: RefundEvidence): Promise<void> {
  return ports.notifyStore.transaction((tx) =>
    raiseFlag(tx, ports.world, merchantId, externalRefundFlag(evidence, undefined)),
  )
}

function decide(
  ports: Ports,
  merchantId: string,
  inboxId: string,
  { evidence, askedAs }: Believed,
): Promise<'decided' | 'payment_unknown' | 'refund_does_not_fit'> {
  return ports.notifyStore.transaction(async (tx) => {
    const keep = async (verdict: InboxVerdict, reason?: string) => {
      const { outTradeNo, transactionId } = evidence
      await tx.decideInbox(merchantId, inboxId, {
        verdict,
        ...(reason === undefined ? {} : { reason }),
        outTradeNo,
        transactionId,
        at: ports.world.now(),
      })
      return 'decided' as const
    }
    const { applied } = await applyRefund(tx, ports.world, merchantId, evidence, askedAs)
    if (applied === 'moved') return keep('applied')
    if (applied === 'repeated') return keep('repeated')
    if (applied === 'contradiction') return keep('ignored', 'refund_contradiction')
    const recorded = await recordExternalRefund(tx, ports.world, merchantId, evidence)
    if (recorded === 'recorded') return keep('applied', 'external_refund')
    if (recorded === 'repeated') return keep('repeated')
    return recorded === 'nothing' ? keep('ignored', 'external_refund_closed') : recorded
  })
}

async function askWeChat(
  ports: Ports,
  merchantId: string,
  payApi: PayApi,
  told: RefundEvidence,
): Promise<Believed | undefined> {
  const known = await ports.notifyStore.transaction(async (tx) => {
    const refund = await tx.findRefund(merchantId, told.outRefundNo)
    if (refund !== undefined) return refund
    const payment = await tx.payment(merchantId, told.transactionId)
    const appid = payment?.appid ?? (await tx.findAttempt(merchantId, told.outTradeNo))?.appid
    return appid === undefined ? undefined : { merchantId, payApi, appid, outRefundNo: told.outRefundNo }
  })
  const answer = known && (await ports.payment.queryRefund(known))
  if (known === undefined || answer?.outcome !== 'known') return undefined
  return { evidence: answer.evidence, askedAs: 'status' in known ? known.status : undefined }
}

/** The refund came before we knew of its payment: WeChat is asked about that, and it is applied first. */
async function learnPayment(ports: Ports, merchantId: string, evidence: RefundEvidence): Promise<void> {
  const attempt = await ports.notifyStore.transaction((tx) => tx.findAttempt(merchantId, evidence.outTradeNo))
  const answer = attempt && (await ports.payment.query(attempt))
  if (answer?.outcome !== 'paid') return
  await ports.notifyStore.transaction((tx) => applyPayment(tx, ports.world, merchantId, answer.evidence))
}
