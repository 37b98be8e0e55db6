import type { PayApi } from '../domain/attempt.ts'
import { numberFromBytes } from '../domain/number.ts'
import type { PaymentEvidence, SuspenseReason } from '../domain/payment.ts'
import type { InboxDecision, InboxVerdict, NotifyStore, PaymentGateway, World } from '../ports.ts'
import { type AppliedPayment, applyPayment } from './apply-payment.ts'
import { receiveRefundNotify } from './receive-refund-notify.ts'

type Ports = { notifyStore: NotifyStore; payment: PaymentGateway; world: World }

/** What WeChat is told. Not acknowledged means it sends the message again. */
export type NotifyAnswer = { acknowledged: true } | { acknowledged: false; reason: string; suspected?: 'body_altered' }

/**
 * Step 5: a message of WeChat. It is verified, kept as it came before any other work (I16), compared and applied, and
 * the verdict is committed together with its effect. Only after that may the caller acknowledge. Of what is not
 * WeChat's only a trace is kept (F9, A56).
 */
export async function receiveNotify(
  ports: Ports,
  merchantId: string,
  payApi: PayApi,
  headers: Record<string, string>,
  body: Uint8Array,
): Promise<NotifyAnswer> {
  const inboxId = numberFromBytes(ports.world.randomBytes(16))
  const message = { merchantId, inboxId, payApi, receivedAt: ports.world.now(), headers, body }
  const reading = await ports.payment.readNotify(merchantId, payApi, headers, body)
  if (reading.outcome === 'refused') {
    const { reason, suspected, outTradeNo } = reading
    await ports.notifyStore.keepRefused(message, { reason, outTradeNo, at: ports.world.now() })
    return { acknowledged: false, reason, ...(suspected === undefined ? {} : { suspected }) }
  }
  await ports.notifyStore.keepMessage(message)
  const decide = (verdict: InboxVerdict, facts: Omit<InboxDecision, 'verdict' | 'at'> = {}) =>
    ports.notifyStore.transaction((tx) =>
      tx.decideInbox(merchantId, inboxId, { verdict, ...facts, at: ports.world.now() }),
    )

  if (reading.outcome === 'other') {
    await decide('ignored', { reason: reading.eventType })
    return { acknowledged: true }
  }
  if (reading.outcome === 'refund') {
    const result =
      reading.mchid === merchantId
        ? await receiveRefundNotify(ports, merchantId, payApi, inboxId, reading)
        : { refused: 'merchant_mismatch' }
    if (result === 'decided') return { acknowledged: true }
    await decide('refused', { ...factsOf(reading.evidence), reason: result.refused })
    return { acknowledged: false, reason: result.refused }
  }
  const { evidence } = reading
  if (evidence.mchid !== merchantId) {
    await decide('refused', { ...factsOf(evidence), reason: 'merchant_mismatch' })
    return { acknowledged: false, reason: 'merchant_mismatch' }
  }

  const apply = () =>
    ports.notifyStore.transaction(async (tx) => {
      const result = await applyPayment(tx, ports.world, merchantId, evidence)
      if (result.applied !== 'doubted') {
        await tx.decideInbox(merchantId, inboxId, {
          ...decisionOf(result),
          ...factsOf(evidence),
          at: ports.world.now(),
        })
      }
      return result
    })
  const first = await apply()
  if (first.applied !== 'doubted') return { acknowledged: true }
  await askWeChat(ports, merchantId, evidence)
  const second = await apply()
  if (second.applied !== 'doubted') return { acknowledged: true }
  await decide('refused', { ...factsOf(evidence), reason: second.reason })
  return { acknowledged: false, reason: second.reason }
}

/** The message is genuine but not about what we asked for: what the query of that very number says is applied. */
async function askWeChat(ports: Ports, merchantId: string, evidence: PaymentEvidence): Promise<void> {
  const attempt = await ports.notifyStore.transaction((tx) => tx.findAttempt(merchantId, evidence.outTradeNo))
  const answer = attempt && (await ports.payment.query(attempt))
  if (answer?.outcome !== 'paid') return
  await ports.notifyStore.transaction((tx) => applyPayment(tx, ports.world, merchantId, answer.evidence))
}

function factsOf(evidence: { outTradeNo: string; transactionId: string }) {
  return { outTradeNo: evidence.outTradeNo, transactionId: evidence.transactionId }
}

function decisionOf(result: AppliedPayment): { verdict: InboxVerdict; reason?: SuspenseReason } {
  switch (result.applied) {
    case 'paid':
      return { verdict: 'applied' }
    case 'repeated':
      return { verdict: 'repeated' }
    case 'suspended':
    case 'doubted':
      return { verdict: 'suspended', reason: result.reason }
  }
}
