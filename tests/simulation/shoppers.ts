import type { PaymentParameters } from '@fenpay/contract'
import { askRefund } from '../../apps/server/src/commands/ask-refund.ts'
import { cancelOrder } from '../../apps/server/src/commands/cancel-order.ts'
import { checkOrder } from '../../apps/server/src/commands/check-order.ts'
import { hashToken, logIn } from '../../apps/server/src/commands/log-in.ts'
import { prepayOrder } from '../../apps/server/src/commands/prepay-order.ts'
import { submitOrder } from '../../apps/server/src/commands/submit-order.ts'
import type { Session } from '../../apps/server/src/domain/session.ts'
import type { History } from './history.ts'
import type { ReferenceModel } from './reference-model.ts'

interface Shopper {
  user: string
  session: Session
}

interface BookedOrder {
  out_trade_no: string
  prepay_id: string
  trade_state: string
}

/** One order as its buyer knows it. */
interface Purchase {
  shopper: Shopper
  key: string
  items: { sku: string; quantity: number }[]
  isUnderWay: boolean
  orderNumber: string | undefined
  /** What prepay answered; an old one may still open the payment sheet. */
  pays: PaymentParameters[]
  /** WeChat told its buyer so. */
  isPaid: boolean
  /** It was told to be closed, or closing. */
  hasEnded: boolean
  /** It asked for money back, and knows of no answer. */
  hasAsked: boolean
}

export type Action = readonly [weight: number, begin: () => void]

/** People with phones. They do things in no sensible order, and repeat what got no answer. */
export class Shoppers {
  readonly #history: History
  readonly #model: ReferenceModel
  readonly #shoppers: Shopper[] = []
  readonly #purchases: Purchase[] = []

  constructor(history: History, model: ReferenceModel) {
    this.#history = history
    this.#model = model
  }

  /** Everybody logs in, while nothing goes wrong yet. */
  async arrive(): Promise<void> {
    const { plan, stage, ground } = this.#history
    const { merchantId, apps } = stage.merchant
    const appid = apps[0]?.appid ?? ''
    for (let number = 1; number <= plan.shoppers; number++) {
      const user = `shopper ${number}`
      const { code } = await ground.wechat.login(appid, user)
      await this.#subscribe(appid, user)
      this.#history.call(this.#history.somebody(), {
        name: `${user} logs in`,
        work: async ({ ports }) => {
          const token = await logIn(ports, merchantId, appid, code, undefined)
          return ports.store.reads.session(merchantId, hashToken(token))
        },
        answered: (session) => {
          if (session !== undefined) this.#shoppers.push({ user, session })
        },
      })
      await this.#history.scheduler.settle()
      while (await this.#history.step());
    }
  }

  /** What anybody could do now. */
  actions(): Action[] {
    const { plan, dice } = this.#history
    const unanswered = this.#purchases.filter(({ orderNumber, isUnderWay }) => orderNumber === undefined && !isUnderWay)
    const placed = this.#purchases.filter(({ orderNumber }) => orderNumber !== undefined)
    const paid = placed.filter(({ isPaid }) => isPaid)
    const unpaid = placed.filter(({ isPaid }) => !isPaid)
    const payable = unpaid.filter(({ pays }) => pays.length > 0)
    const ended = payable.filter(({ hasEnded }) => hasEnded)
    const paidAnew = paid.filter(({ pays }) => new Set(pays.map((pay) => pay.package)).size > 1)
    const on = (weight: number, purchases: Purchase[], act: (purchase: Purchase) => void): Action => [
      purchases.length === 0 ? 0 : weight,
      () => act(dice.pick(purchases)),
    ]
    return [
      [this.#purchases.length < plan.orders ? 5 : 0, () => this.#submit(this.#newPurchase())],
      on(3, unanswered, (purchase) => this.#submit(purchase)),
      on(5, unpaid, (purchase) => this.#prepay(purchase)),
      on(6, payable, (purchase) => this.#pay(purchase)),
      on(plan.sweepOnly ? 0 : 3, placed, (purchase) => this.#check(purchase)),
      on(plan.cancelWeight, unpaid, (purchase) => this.#cancel(purchase)),
      on(2, paid, (purchase) => this.#askBack(purchase)),
      // What makes no sense, or not any more, is done now and then.
      on(0.4, placed, (purchase) => this.#prepay(purchase)),
      on(0.4, paid, (purchase) => this.#pay(purchase)),
      // Whoever was at the payment sheet when it ended may pay all the same, where WeChat is late to see it (F22).
      on(plan.faults.latePayment * 25, ended, (purchase) => this.#pay(purchase, true)),
      on(plan.faults.latePayment * 25, paidAnew, (purchase) => this.#pay(purchase, true)),
      on(0.2, placed, (purchase) => this.#cancel(purchase)),
      on(0.2, placed, (purchase) => this.#askBack(purchase)),
    ]
  }

  /** Some want to be told of a payment, once or twice, and some do not. */
  async #subscribe(appid: string, user: string): Promise<void> {
    const { dice, stage, ground } = this.#history
    const tmplIds = [stage.merchant.apps[0]?.paidMessage?.templateId]
    for (let left = dice.integer(0, 2); left > 0; left--)
      await ground.wechat.control('/_sim/wx/requestSubscribeMessage', { appid, user, tmplIds, answer: 'accept' })
  }

  #newPurchase(): Purchase {
    const { dice } = this.#history
    const items = Array.from({ length: dice.integer(1, 2) }, () => ({
      sku: dice.pick(['plenty', 'penny', 'scarce']),
      quantity: dice.integer(1, 3),
    }))
    const key = `purchase ${this.#purchases.length + 1}`
    const shopper = dice.pick(this.#shoppers)
    const purchase = {
      shopper,
      key,
      items,
      isUnderWay: false,
      orderNumber: undefined,
      pays: [],
      isPaid: false,
      hasEnded: false,
      hasAsked: false,
    }
    this.#purchases.push(purchase)
    return purchase
  }

  /** Orders that somebody knows of. */
  get orderNumbers(): string[] {
    return this.#purchases.flatMap(({ orderNumber }) => orderNumber ?? [])
  }

  /** Those that their buyer has paid. */
  get paidNumbers(): string[] {
    return this.#purchases.filter(({ isPaid }) => isPaid).flatMap(({ orderNumber }) => orderNumber ?? [])
  }

  get unpaidNumbers(): string[] {
    return this.#purchases.filter(({ isPaid }) => !isPaid).flatMap(({ orderNumber }) => orderNumber ?? [])
  }

  /** Orders of which somebody wants money back, and waits for an answer. */
  get askedNumbers(): string[] {
    return this.#purchases.filter(({ hasAsked }) => hasAsked).flatMap(({ orderNumber }) => orderNumber ?? [])
  }

  /** The staff have answered what was asked for this order. */
  answered(orderNumber: string): void {
    for (const purchase of this.#purchases) if (purchase.orderNumber === orderNumber) purchase.hasAsked = false
  }

  #submit(purchase: Purchase): void {
    const { session, user } = purchase.shopper
    purchase.isUnderWay = true
    this.#model.asked(purchase.key)
    this.#call(`${user} submits ${describe(purchase)}`, {
      work: ({ ports }) => submitOrder(ports, session, { items: purchase.items }, purchase.key),
      answered: ({ order_number }) => {
        purchase.orderNumber = order_number
        this.#model.submitted(purchase.key, order_number, purchase.items)
      },
      ended: () => {
        purchase.isUnderWay = false
      },
    })
  }

  #prepay({ shopper: { session, user }, orderNumber = '', pays }: Purchase): void {
    this.#call(`${user} prepays ${orderNumber}`, {
      work: ({ ports }) => prepayOrder(ports, session, orderNumber, '127.0.0.1'),
      answered: (pay) => void pays.push(pay),
    })
  }

  #pay(purchase: Purchase, mustBeLate = false): void {
    const { scheduler, ground, timeLine, dice, network } = this.#history
    const { shopper, orderNumber, pays } = purchase
    const { session, user } = shopper
    if (pays.length === 0) return
    const pay = dice.pick(pays)
    const isLate = mustBeLate || dice.happens(network.faults.latePayment)
    const confirm = () => ground.wechat.requestPayment(session.appid, user, pay)
    this.#history.act(`${user} pays ${orderNumber}`, async () => {
      const { errMsg } = await scheduler.during(async () => {
        if (!isLate) return confirm()
        const { orders } = await ground.wechat.control<{ orders: BookedOrder[] }>('/_sim/books')
        const booked = orders.find(({ prepay_id }) => pay.package === `prepay_id=${prepay_id}`)
        if (booked?.trade_state === 'CLOSED') this.#model.paidLate(booked.out_trade_no)
        return network.withFault({ fault: 'pay.after-close' }, confirm)
      })
      timeLine.tell(`  ${errMsg}`)
      purchase.isPaid ||= errMsg === 'requestPayment:ok'
    })
  }

  #check(purchase: Purchase): void {
    const { shopper, orderNumber = '' } = purchase
    this.#call(`${shopper.user} checks ${orderNumber}`, {
      work: ({ ports }) => checkOrder(ports, shopper.session, orderNumber),
      answered: ({ status }) => this.#told(purchase, status),
    })
  }

  #cancel(purchase: Purchase): void {
    const { shopper, orderNumber = '' } = purchase
    this.#call(`${shopper.user} cancels ${orderNumber}`, {
      work: ({ ports }) => cancelOrder(ports, shopper.session, orderNumber),
      answered: ({ status }) => this.#told(purchase, status),
    })
  }

  #told(purchase: Purchase, status: string): void {
    purchase.hasEnded ||= status === 'closing' || status === 'closed'
    this.#model.told(purchase.orderNumber ?? '', status)
  }

  #askBack(purchase: Purchase): void {
    const { dice, timeLine } = this.#history
    const { shopper, orderNumber = '', items } = purchase
    const [item] = items
    const wanted = dice.happens(0.5) && item !== undefined ? { items: [{ sku: item.sku, quantity: 1 }] } : {}
    this.#call(`${shopper.user} asks for money back of ${orderNumber}`, {
      work: ({ ports }) =>
        askRefund(ports, shopper.session, { order_number: orderNumber, reason: 'too salty', ...wanted }),
      answered: () => {
        timeLine.count('user asks for a refund')
        purchase.hasAsked = true
      },
    })
  }

  #call<Result>(
    name: string,
    { work, answered, ended }: { work: Work<Result>; answered: (result: Result) => void; ended?: () => void },
  ): void {
    const history = this.#history
    history.call(history.somebody(), {
      name,
      work,
      answered: (result) => {
        ended?.()
        if (!history.dice.happens(history.network.faults.clientLoss)) answered(result)
        else history.timeLine.tell('  the client does not get this answer')
      },
      refused: () => ended?.(),
      lost: () => ended?.(),
    })
  }
}

type Work<Result> = Parameters<typeof History.prototype.call<Result>>[1]['work']

function describe({ key, items }: Purchase): string {
  return `${key}: ${items.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(', ')}`
}
