import type { Writes } from '../../apps/server/src/ports.ts'
import type { Plan } from './plan.ts'
import type { Mutant, Ports } from './server-process.ts'

/** A way to break the product, and what must be said of it. */
export interface KnownMutant {
  name: string
  mutant: Mutant
  seen: RegExp
  /** What has to go wrong for it to matter, more often than most seeds have it. */
  faults?: Partial<Plan['faults']>
}

/** Changes what a transaction can do, whoever begins it. */
function inTransactions(change: (tx: Writes) => Partial<Writes>): Mutant {
  const changed = (tx: Writes): Writes => ({ ...tx, ...change(tx) })
  return (ports) => ({
    ...ports,
    store: { ...ports.store, transaction: (work) => ports.store.transaction((tx) => work(changed(tx))) },
    notifyStore: {
      ...ports.notifyStore,
      transaction: (work) => ports.notifyStore.transaction((tx) => work(changed(tx))),
    },
  })
}

function atWechat(change: (payment: Ports['payment']) => Partial<Ports['payment']>): Mutant {
  return (ports) => ({ ...ports, payment: { ...ports.payment, ...change(ports.payment) } })
}

export const mutants: KnownMutant[] = [
  {
    name: 'NOTPAY is taken for CLOSED, and the stock released (F21)',
    mutant: atWechat((payment) => ({
      async query(attempt) {
        const answer = await payment.query(attempt)
        return answer.outcome === 'not_paid' ? { outcome: 'closed' } : answer
      },
    })),
    seen: /it is closed, and WeChat took/,
  },
  {
    name: 'a payment is applied twice (I9)',
    mutant: inTransactions((tx) => ({
      async recordPayment(merchantId, payment) {
        await tx.recordPayment(merchantId, payment)
        return true
      },
    })),
    seen: /its history tells of other money|broken/,
  },
  {
    name: 'a refund is repeated with a new number (F25, I11)',
    mutant: atWechat((payment) => ({
      refund: (refund) => payment.refund({ ...refund, outRefundNo: `${refund.outRefundNo}-${refund.calls}` }),
    })),
    seen: /is no external one/,
  },
  {
    name: 'a refund that WeChat accepted is taken for done (F28, F29)',
    mutant: atWechat((payment) => ({
      async refund(refund) {
        const answer = await payment.refund(refund)
        if (answer.outcome !== 'known') return answer
        return { ...answer, evidence: { ...answer.evidence, state: 'succeeded', successTime: new Date(0) } }
      },
    })),
    seen: /fen (ABNORMAL|CLOSED) there, \d+ fen succeeded here/,
    faults: { refund: 0.6 },
  },
  {
    name: 'no answer to a refund is taken for a refusal (F25, I11)',
    mutant: atWechat((payment) => ({
      async refund(refund) {
        const answer = await payment.refund(refund)
        const refusal = { code: 'NO_ANSWER', message: '' }
        return answer.outcome === 'unknown' ? { outcome: 'refused', refusal } : answer
      },
    })),
    seen: /fen SUCCESS there, \d+ fen refused here/,
    faults: { outage: 0.1, loss: 0.3, refund: 0, refusedButMade: 0 },
  },
  {
    name: 'what other refunds hold is not counted (I10)',
    mutant: inTransactions((tx) => ({
      async lockPayment(merchantId, transactionId) {
        const payment = await tx.lockPayment(merchantId, transactionId)
        return payment && { ...payment, reservedFen: (payment.paidFen - payment.paidFen) as typeof payment.paidFen }
      },
    })),
    seen: /payment_balances|fen were given back|I10 is broken/,
  },
  {
    name: 'money in suspense is not given back (F22, F24)',
    mutant: inTransactions((tx) => ({
      insertRefund: async (refund, ...rest) =>
        refund.source === 'policy' ? undefined : tx.insertRefund(refund, ...rest),
    })),
    seen: /paid nothing, and 0 fen of it go back/,
    faults: { latePayment: 0.6, notifyOdd: 0, outage: 0 },
  },
  {
    name: 'nobody puts right what WeChat refused and made all the same (P5)',
    mutant: inTransactions(() => ({ wishCorrection: async () => undefined })),
    seen: /fen SUCCESS there, \d+ fen refused here/,
    faults: { refusedButMade: 0.6 },
  },
  {
    name: 'a webhook is called delivered before it is sent (I15)',
    mutant: (ports) => ({ ...ports, webhooks: { post: async () => ({ status: 200, durationMs: 0 }) } }),
    seen: /nobody was told, and it says so/,
  },
  {
    name: 'a refund is not posted to the ledger (I7)',
    mutant: inTransactions((tx) => ({
      post: async (merchantId, posting, at) =>
        posting.kind === 'refund_succeeded' ? true : tx.post(merchantId, posting, at),
    })),
    seen: /the ledger says/,
  },
  {
    name: 'nobody is told that a refund failed (P5)',
    mutant: inTransactions((tx) => ({
      insertFlag: async (merchantId, flagId, flag, at) =>
        flag.kind === 'refund_failed' || flag.kind === 'refund_abnormal'
          ? false
          : tx.insertFlag(merchantId, flagId, flag, at),
    })),
    seen: /nobody is told: refund_(failed|abnormal)/,
  },
  {
    name: 'open orders are forgotten after their first look (F1, P1)',
    mutant: (ports) => ({
      ...ports,
      store: {
        ...ports.store,
        scheduleCheck: (claimed, at) => ports.store.scheduleCheck(claimed, new Date(at.getTime() + 86_400_000)),
      },
    }),
    seen: /P1: .* is paid, and nobody here knows|nobody knows what became of/,
  },
  {
    name: 'an idempotency key is not kept (F44, I20)',
    mutant: inTransactions(() => ({
      claimIdempotencyKey: async () => undefined,
      keepIdempotentAnswer: async () => undefined,
    })),
    seen: /keys became|decisions became/,
  },
]
