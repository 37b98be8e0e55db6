import { answerRefundRequest } from '../../apps/server/src/commands/ask-refund.ts'
import { askRefundCorrection } from '../../apps/server/src/commands/ask-refund-correction.ts'
import { type RefundAsk, refundOrder } from '../../apps/server/src/commands/refund-order.ts'
import { settleAbnormalRefund } from '../../apps/server/src/commands/settle-abnormal-refund.ts'
import { shipOrder } from '../../apps/server/src/commands/ship-order.ts'
import { withdrawRefundCorrection } from '../../apps/server/src/commands/withdraw-refund-correction.ts'
import type { ShipmentFacts } from '../../apps/server/src/domain/shipment.ts'
import type { History } from './history.ts'
import type { ReferenceModel } from './reference-model.ts'
import type { Action, Shoppers } from './shoppers.ts'
import type { WechatBooks } from './wechat-books.ts'

/** A refund that somebody wants; it keeps its key until it is answered. */
interface Decision {
  key: string
  orderNumber: string
  ask: RefundAsk
  isUnderWay: boolean
}

const ways: ShipmentFacts[] = [
  { how: 'express', company: 'ZTO', trackingNo: '7300' },
  { how: 'city' },
  { how: 'virtual' },
  { how: 'pickup' },
]

/** Staff: they give money back, whole, in part and by piece, answer what users ask, ship, and do things behind our back. */
export class Operator {
  readonly #history: History
  readonly #shoppers: Shoppers
  readonly #model: ReferenceModel
  #decisions = 0
  #unanswered: Decision[] = []

  constructor(history: History, shoppers: Shoppers, model: ReferenceModel) {
    this.#history = history
    this.#shoppers = shoppers
    this.#model = model
  }

  actions(): Action[] {
    const { dice, plan, network } = this.#history
    const { orderNumbers, paidNumbers, unpaidNumbers, askedNumbers } = this.#shoppers
    const repeatable = this.#unanswered.filter(({ isUnderWay }) => !isUnderWay)
    const on = <Item>(weight: number, items: Item[], act: (item: Item) => void): Action => [
      items.length === 0 ? 0 : weight,
      () => act(dice.pick(items)),
    ]
    return [
      on(2, paidNumbers, (orderNumber) => this.#decide(orderNumber)),
      on(0.3, orderNumbers, (orderNumber) => this.#decide(orderNumber)),
      on(2, repeatable, (decision) => this.#refund(decision)),
      on(1.5, askedNumbers, (orderNumber) => this.#answer(orderNumber)),
      on(1.5, paidNumbers, (orderNumber) => this.#ship(orderNumber)),
      on(0.2, orderNumbers, (orderNumber) => this.#ship(orderNumber)),
      on(0.3, paidNumbers, (orderNumber) => this.#payOtherwise(orderNumber)),
      on(2, [...network.refusedButMade], (outRefundNo) => this.#correct(outRefundNo)),
      on(0.5, [...network.refusedButMade], (outRefundNo) => this.#withdraw(outRefundNo)),
      on(1.5, unpaidNumbers, (orderNumber) => this.#closeOutside(orderNumber)),
      on(plan.sweepOnly ? 0 : 0.4, paidNumbers, () => this.#refundOutside()),
    ]
  }

  /** What WeChat refused and made all the same is put right, as long as there is any. */
  correctAll(): void {
    for (const outRefundNo of this.#history.network.refusedButMade) this.#correct(outRefundNo)
  }

  #decide(orderNumber: string): void {
    const { dice, timeLine } = this.#history
    const reason = `refund ${dice.integer(1, 1_000)}`
    const [kind, ask] = dice.pick<readonly [string, RefundAsk]>([
      ['whole', { reason }],
      ['partial', { reason, amountFen: dice.integer(1, 4_000) }],
      ['by item', { reason, items: [{ sku: dice.pick(['plenty', 'penny', 'scarce']), quantity: 1 }] }],
    ])
    timeLine.count(`staff decide a refund, ${kind}`)
    const decision = { key: `decision ${++this.#decisions}`, orderNumber, ask, isUnderWay: false }
    this.#unanswered.push(decision)
    this.#model.decided(orderNumber)
    this.#refund(decision)
  }

  #refund(decision: Decision): void {
    const { key, orderNumber, ask } = decision
    decision.isUnderWay = true
    const isOver = () => {
      this.#unanswered = this.#unanswered.filter((other) => other !== decision)
    }
    this.#history.call(this.#history.somebody(), {
      name: `staff refund ${orderNumber} ${JSON.stringify(ask)}, ${key}`,
      work: ({ ports }) =>
        refundOrder(ports, this.#merchantId, orderNumber, ask, { source: 'staff', actor: 'staff:1', key }),
      answered: isOver,
      refused: isOver,
      lost: () => {
        decision.isUnderWay = false
      },
    })
  }

  #answer(orderNumber: string): void {
    const accept = this.#history.dice.happens(0.7)
    const answer = { accept, text: accept ? '' : 'no', staff: '2' }
    this.#history.timeLine.count(accept ? 'staff accept a request' : 'staff decline a request')
    this.#history.call(this.#history.somebody(), {
      name: `staff ${accept ? 'accept' : 'decline'} what is asked for ${orderNumber}`,
      work: ({ ports }) => answerRefundRequest(ports, this.#merchantId, orderNumber, answer),
      answered: () => this.#shoppers.answered(orderNumber),
      refused: () => this.#shoppers.answered(orderNumber),
    })
  }

  #ship(orderNumber: string): void {
    const facts = this.#history.dice.pick(ways)
    this.#history.call(this.#history.somebody(), {
      name: `staff ship ${orderNumber} by ${facts.how}`,
      work: ({ ports }) => shipOrder(ports, this.#merchantId, orderNumber, facts),
    })
  }

  /** The user gets the money of a refund that WeChat could not deliver in another way. */
  #payOtherwise(orderNumber: string): void {
    const { timeLine } = this.#history
    this.#history.call(this.#history.somebody(), {
      name: `staff pay otherwise what is abnormal of ${orderNumber}`,
      work: async ({ ports }) => {
        const refunds = await ports.store.reads.refundsOfOrder(this.#merchantId, orderNumber)
        const found = refunds.find(({ refund }) => refund.status === 'abnormal')
        const { outRefundNo } = found?.refund ?? {}
        if (outRefundNo === undefined) return { outcome: 'nothing' }
        return settleAbnormalRefund(ports, this.#merchantId, outRefundNo, { note: 'cash', by: 'staff:1' })
      },
      answered: ({ outcome }) => {
        if (outcome === 'settled') timeLine.count('staff settle a refund that was abnormal')
      },
    })
  }

  #correct(outRefundNo: string): void {
    const { timeLine } = this.#history
    this.#history.call(this.#history.somebody(), {
      name: `staff want refund ${outRefundNo} put right`,
      work: ({ ports }) => askRefundCorrection(ports, this.#merchantId, outRefundNo, 'staff:1'),
      answered: ({ outcome }) => timeLine.count(`correction ${outcome}`),
    })
  }

  #withdraw(outRefundNo: string): void {
    const { timeLine } = this.#history
    this.#history.call(this.#history.somebody(), {
      name: `staff do not want refund ${outRefundNo} put right`,
      work: ({ ports }) => withdrawRefundCorrection(ports, this.#merchantId, outRefundNo, 'staff:2'),
      answered: ({ outcome }) => timeLine.count(`correction ${outcome === 'withdrawn' ? outcome : 'not withdrawn'}`),
    })
  }

  /** Another system of the merchant's closes a number of ours: the order goes on with a new one (F24). */
  #closeOutside(orderNumber: string): void {
    const { timeLine } = this.#history
    this.#history.call(this.#history.somebody(), {
      name: `another system closes the number of ${orderNumber}`,
      work: async ({ ports }) => {
        const attempt = await ports.store.reads.liveAttempt(this.#merchantId, orderNumber)
        return attempt === undefined ? { outcome: 'nothing' } : ports.payment.close(attempt)
      },
      answered: ({ outcome }) => {
        if (outcome === 'closed') timeLine.count('another system closes a number')
      },
    })
  }

  /** Somebody gives money back in the merchant platform, and tells nobody (F19, F76). */
  #refundOutside(): void {
    const { ground, dice, timeLine, scheduler } = this.#history
    this.#history.act('somebody refunds in the merchant platform', async () => {
      const { payments } = await scheduler.during(() => ground.wechat.control<WechatBooks>('/_sim/books'))
      if (payments.length === 0) return
      const { out_trade_no, total } = dice.pick(payments)
      const amount = dice.happens(0.5) ? dice.integer(1, total) : total
      const made = await scheduler.during(() =>
        ground.wechat
          .control<{ out_refund_no: string }>('/_sim/refunds', { out_trade_no, amount })
          .catch(() => undefined),
      )
      if (made === undefined) return timeLine.tell('  it is not accepted')
      timeLine.tell(`  ${amount} of ${total} fen of ${out_trade_no}`)
      timeLine.count('refund in the merchant platform')
      this.#model.refundedOutside(made.out_refund_no)
    })
  }

  get #merchantId(): string {
    return this.#history.stage.merchant.merchantId
  }
}
