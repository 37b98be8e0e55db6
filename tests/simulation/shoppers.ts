import type { PaymentParameters } from '@fenpay/contract'
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
    const payable = placed.filter(({ pays }) => pays.length > 0)
    const on = (weight: number, purchases: Purchase[], act: (purchase: Purchase) => void): Action => [
      purchases.length === 0 ? 0 : weight,
      () => act(dice.pick(purchases)),
    ]
    return [
      [this.#purchases.length < plan.orders ? 5 : 0, () => this.#submit(this.#newPurchase())],
      on(3, unanswered, (purchase) => this.#submit(purchase)),
      on(4, placed, (purchase) => this.#prepay(purchase)),
      on(6, payable, (purchase) => this.#pay(purchase)),
      on(3, placed, (purchase) => this.#check(purchase)),
      on(plan.cancelWeight, placed, (purchase) => this.#cancel(purchase)),
    ]
  }

  #newPurchase(): Purchase {
    const { dice } = this.#history
    const items = Array.from({ length: dice.integer(1, 2) }, () => ({
      sku: dice.pick(['plenty', 'penny', 'scarce']),
      quantity: dice.integer(1, 3),
    }))
    const key = `purchase ${this.#purchases.length + 1}`
    const shopper = dice.pick(this.#shoppers)
    const purchase = { shopper, key, items, isUnderWay: false, orderNumber: undefined, pays: [] }
    this.#purchases.push(purchase)
    return purchase
  }

  /** Orders that somebody knows of. */
  get orderNumbers(): string[] {
    return this.#purchases.flatMap(({ orderNumber }) => orderNumber ?? [])
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

  #pay({ shopper: { session, user }, orderNumber, pays }: Purchase): void {
    const { scheduler, ground, timeLine, dice, network } = this.#history
    const pay = dice.pick(pays)
    const isLate = dice.happens(network.faults.latePayment)
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
    })
  }

  #check({ shopper: { session, user }, orderNumber = '' }: Purchase): void {
    this.#call(`${user} checks ${orderNumber}`, {
      work: ({ ports }) => checkOrder(ports, session, orderNumber),
      answered: (order) => this.#model.told(orderNumber, order.status),
    })
  }

  #cancel({ shopper: { session, user }, orderNumber = '' }: Purchase): void {
    this.#call(`${user} cancels ${orderNumber}`, {
      work: ({ ports }) => cancelOrder(ports, session, orderNumber),
      answered: (order) => this.#model.told(orderNumber, order.status),
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
