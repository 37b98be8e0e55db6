/** The part of tenpay 2 that the tests use; the package has no types of its own. */
declare module 'tenpay' {
  type Fields = Record<string, string>

  interface ExpressRequest {
    body: string
    /** The verified message. */
    weixin?: Fields
  }

  interface ExpressResponse {
    header(name: string, value: string): unknown
    send(body: string): unknown
    /** Set by the middleware: acknowledges, or refuses with a text. */
    reply?: (refusal?: string) => void
  }

  export default class Payment {
    constructor(config: { appid: string; mchid: string; partnerKey: string; notify_url: string })
    /** The address of each operation. */
    urls: Record<string, string>
    unifiedOrder(params: Fields): Promise<Fields>
    orderQuery(params: Fields): Promise<Fields>
    closeOrder(params: Fields): Promise<Fields>
    getPayParamsByPrepay(order: { prepay_id: string }, signType: string): Fields
    middlewareForExpress(
      type: 'pay',
    ): (request: ExpressRequest, response: ExpressResponse, next: () => void) => Promise<void>
  }
}
