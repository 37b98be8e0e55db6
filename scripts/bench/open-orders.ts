import type { PaymentParameters } from '@fenpay/contract'
import type { BenchStack } from './bench-stack.ts'
import { inParallel } from './load.ts'

/** An order whose payment has begun, and the hands that pay it. */
export interface OpenOrder {
  orderNumber: string
  /** At WeChat, which takes the money. */
  pay(): Promise<void>
  /** As the phone does when it is back: asks the shop until it says paid. */
  checkUntilPaid(): Promise<void>
}

/** Many shoppers at once, so that they do not wait for each other where one's orders are counted. */
const shoppersMax = 50
const preparedAtOnce = 8
const patienceMs = 30_000

/** What is done for the first time takes longer, and is not what is measured. */
export async function warmUp(stack: BenchStack): Promise<void> {
  const orders = await openOrders(stack, 50)
  await inParallel(orders, preparedAtOnce, async (order) => {
    await order.pay()
    await order.checkUntilPaid()
  })
}

/** So many orders, with their prepay_id. */
export async function openOrders(stack: BenchStack, count: number): Promise<OpenOrder[]> {
  const shoppers = await inParallel(names('shopper', Math.min(count, shoppersMax)), preparedAtOnce, async (user) => {
    const { code } = await stack.wechat.login(stack.appid, user)
    return { user, token: (await stack.api.login({ code })).token }
  })
  return inParallel([...Array(count).keys()], preparedAtOnce, async (index) => {
    const shopper = shoppers[index % shoppers.length]
    if (shopper === undefined) throw new Error('there is no shopper')
    const { user, token } = shopper
    const request = { items: [{ sku: 'beef-noodles', quantity: 1 }] }
    const { order_number } = await stack.api.submitOrder(token, request)
    const { pay } = await stack.api.prepayOrder(token, order_number)
    return openOrder(stack, user, token, order_number, pay)
  })
}

function openOrder(
  { api, wechat, appid }: BenchStack,
  user: string,
  token: string,
  orderNumber: string,
  parameters: PaymentParameters,
): OpenOrder {
  return {
    orderNumber,
    async pay() {
      const { errMsg } = await wechat.requestPayment(appid, user, parameters)
      if (errMsg !== 'requestPayment:ok') throw new Error(errMsg)
    },
    async checkUntilPaid() {
      const endMs = performance.now() + patienceMs
      while ((await api.checkOrder(token, orderNumber)).status !== 'paid') {
        if (performance.now() > endMs) throw new Error(`order ${orderNumber} does not become paid`)
      }
    },
  }
}

function names(what: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${what} ${index + 1}`)
}
