/**
 * What must come of an order, told without a line of the product's: from what clients were told and what WeChat took.
 * Prices and stock are its own knowledge.
 */
const priceFen: Record<string, number> = { plenty: 3280, penny: 1, scarce: 990 }

/** An order at the end, as the product shows it. */
export interface OrderEnd {
  orderNumber: string
  status: string
  totalFen: number
  lines: { sku: string; quantity: number }[]
  /** Money that is on the order, and money that came for it and is not. */
  payments: PaymentEnd[]
  /** How often its history tells of money that could not pay it. */
  suspensions: number
}

export interface PaymentEnd {
  transactionId: string
  isOnOrder: boolean
  /** It came too late or twice: the user has paid for nothing. */
  mustGoBack: boolean
  /** WeChat did not take the refund, or did not carry it out: a person is told. */
  hasFailedRefund: boolean
  /** What refunds of ours hold of it, the done ones too. */
  heldFen: number
}

/** A payment as WeChat knows it. */
export interface Taken {
  orderNumber: string | undefined
  outTradeNo: string
  transactionId: string
  amountFen: number
  /** What WeChat gives back of it, or has given back. */
  refundedFen: number
}

export class ReferenceModel {
  readonly #submitted = new Map<string, { key: string; totalFen: number }>()
  readonly #keys = new Set<string>()
  readonly #late = new Set<string>()
  readonly #decisions = new Map<string, number>()
  readonly #outside = new Set<string>()
  readonly #told = new Map<string, Set<string>>()
  readonly #wrong: string[] = []

  /** A client wants an order; however often it says so, it is one. */
  asked(key: string): void {
    this.#keys.add(key)
  }

  /** WeChat takes money under a number that it had closed. */
  paidLate(outTradeNo: string): void {
    this.#late.add(outTradeNo)
  }

  isLate(outTradeNo: string): boolean {
    return this.#late.has(outTradeNo)
  }

  /** Somebody wants money of an order back; however often he says so, it is one refund. */
  decided(orderNumber: string): void {
    this.#decisions.set(orderNumber, this.decisionsOn(orderNumber) + 1)
  }

  decisionsOn(orderNumber: string): number {
    return this.#decisions.get(orderNumber) ?? 0
  }

  refundedOutside(outRefundNo: string): void {
    this.#outside.add(outRefundNo)
  }

  isMadeOutside(outRefundNo: string): boolean {
    return this.#outside.has(outRefundNo)
  }

  /** A client was told the number of its order. */
  submitted(key: string, orderNumber: string, items: { sku: string; quantity: number }[]): void {
    for (const [other, order] of this.#submitted) {
      if (order.key === key && other !== orderNumber) this.#wrong.push(`${key} became ${other} and ${orderNumber}`)
    }
    const totalFen = items.reduce((sum, { sku, quantity }) => sum + quantity * (priceFen[sku] ?? Number.NaN), 0)
    this.#submitted.set(orderNumber, { key, totalFen })
  }

  /** A client was told a status. What is final stays so. */
  told(orderNumber: string, status: string): void {
    const all = this.#told.get(orderNumber) ?? new Set()
    this.#told.set(orderNumber, all.add(status))
  }

  /** Where the ends are not what they must be: after two quiet hours, and with WeChat's own list of what it took. */
  disagreements(ends: readonly OrderEnd[], taken: readonly Taken[], stock: Record<string, Stock>): string[] {
    const known = new Map(ends.map((end) => [end.orderNumber, end]))
    const lost = [...this.#submitted.keys()].filter((number) => !known.has(number)).map((number) => `${number} is lost`)
    const wrong = ends.flatMap((end) =>
      this.#wrongWith(
        end,
        taken.filter(({ orderNumber }) => orderNumber === end.orderNumber),
      ),
    )
    const tooMany = ends.length > this.#keys.size ? [`${this.#keys.size} keys became ${ends.length} orders`] : []
    return [...this.#wrong, ...tooMany, ...lost, ...wrong, ...wrongStock(ends, stock)]
  }

  #wrongWith(end: OrderEnd, taken: readonly Taken[]): string[] {
    const { orderNumber, status, totalFen, payments } = end
    const wrong: string[] = []
    const must = (isSo: boolean, what: string) => {
      if (!isSo) wrong.push(`${orderNumber}: ${what}`)
    }
    const agreed = this.#submitted.get(orderNumber)?.totalFen ?? totalFen
    must(totalFen === agreed, `its total is ${totalFen}, ${agreed} was agreed`)
    const inTime = taken.filter(({ outTradeNo }) => !this.#late.has(outTradeNo)).length
    const isRight = status === 'paid' ? taken.length > 0 : status === 'closed' && inTime === 0
    must(isRight, `it is ${status}, and WeChat took ${taken.length} payments for it, ${inTime} of them in time`)
    for (const { transactionId, amountFen, refundedFen } of taken) {
      const payment = payments.find((known) => known.transactionId === transactionId)
      must(payment !== undefined, `${transactionId} is not known here`)
      must(amountFen === totalFen, `WeChat took ${amountFen} of ${totalFen}`)
      must(refundedFen <= amountFen, `${refundedFen} of ${amountFen} fen were given back`)
      const isBack = payment?.heldFen === amountFen || refundedFen === amountFen || payment?.hasFailedRefund === true
      must(!payment?.mustGoBack || isBack, `${transactionId} paid nothing, and ${refundedFen} fen of it go back`)
    }
    must(end.suspensions === payments.filter(({ isOnOrder }) => !isOnOrder).length, 'its history tells of other money')
    const onOrder = payments.filter(({ isOnOrder }) => isOnOrder).length
    must(onOrder === (status === 'paid' ? 1 : 0), `${onOrder} payments are on an order that is ${status}`)
    const told = this.#told.get(orderNumber) ?? new Set()
    for (const final of ['paid', 'closed']) {
      must(!told.has(final) || status === final, `its buyer was told ${final}, and it is ${status}`)
    }
    return wrong
  }
}

export interface Stock {
  total: number
  free: number
  reserved: number
}

/** What paid orders hold is gone, and everything else is back. */
function wrongStock(ends: readonly OrderEnd[], stock: Record<string, Stock>): string[] {
  return Object.entries(stock).flatMap(([sku, { total, free, reserved }]) => {
    const sold = ends
      .filter(({ status }) => status === 'paid')
      .flatMap(({ lines }) => lines.filter((line) => line.sku === sku))
      .reduce((sum, { quantity }) => sum + quantity, 0)
    return reserved === 0 && free === total - sold
      ? []
      : [`${sku}: ${free} free and ${reserved} reserved of ${total}, ${sold} sold`]
  })
}
