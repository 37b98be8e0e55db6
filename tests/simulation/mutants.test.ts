/** A simulation that finds nothing proves nothing: each of these breaks the product, and must be seen soon. */
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { runHistories } from './run-histories.ts'
import type { Mutant } from './server-process.ts'
import { openStage } from './stage.ts'

const stage = await openStage()
after(() => stage.close())

const mutants: { name: string; mutant: Mutant; seen: RegExp }[] = [
  {
    name: 'NOTPAY is taken for CLOSED, and the stock released (F21)',
    mutant: (ports) => ({
      ...ports,
      payment: {
        ...ports.payment,
        async query(attempt) {
          const answer = await ports.payment.query(attempt)
          return answer.outcome === 'not_paid' ? { outcome: 'closed' } : answer
        },
      },
    }),
    seen: /it is closed, and WeChat took/,
  },
  {
    name: 'a payment is applied twice (I9)',
    mutant: (ports) => ({
      ...ports,
      notifyStore: {
        ...ports.notifyStore,
        transaction: (work) =>
          ports.notifyStore.transaction((tx) =>
            work({
              ...tx,
              async recordPayment(merchantId, payment) {
                await tx.recordPayment(merchantId, payment)
                return true
              },
            }),
          ),
      },
    }),
    seen: /its history tells of other money|broken/,
  },
  {
    name: 'a refund is repeated with a new number (F25, I11)',
    mutant: (ports) => ({
      ...ports,
      payment: {
        ...ports.payment,
        refund: (refund) => ports.payment.refund({ ...refund, outRefundNo: `${refund.outRefundNo}-${refund.calls}` }),
      },
    }),
    seen: /nobody gave back outside/,
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
    seen: /nobody knows what became of/,
  },
  {
    name: 'an idempotency key is not kept (F44, I20)',
    mutant: (ports) => ({
      ...ports,
      store: {
        ...ports.store,
        transaction: (work) =>
          ports.store.transaction((tx) =>
            work({ ...tx, claimIdempotencyKey: async () => undefined, keepIdempotentAnswer: async () => undefined }),
          ),
      },
    }),
    seen: /keys became/,
  },
]

for (const { name, mutant, seen } of mutants) {
  test(`a simulation finds within 12 seeds that ${name}`, async () => {
    const wrong: string[] = []
    await runHistories(stage, { first: 1, count: 12, mutant }, (outcome) => {
      wrong.push(...outcome.wrong)
      return wrong.some((line) => seen.test(line)) ? 'stop' : 'go on'
    })
    assert.match(wrong.join('\n'), seen)
  })
}
