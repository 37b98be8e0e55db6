import type { ErrorCode } from './errors.ts'
import type * as api from './types.ts'

/** One HTTP exchange, as the injected request makes it. `data` is sent as JSON. */
export interface ApiRequest {
  method: 'GET' | 'POST'
  path: string
  data?: unknown
  header: Record<string, string>
}

/** Makes the exchange; resolves for every HTTP status, rejects only when there was no answer. */
export type Request = (request: ApiRequest) => Promise<{ statusCode: number; data: unknown }>

/** The API said no. `code` is stable; `problem` is the whole body where there was one. */
export class ApiError extends Error {
  readonly code: ErrorCode | 'unexpected_answer'
  readonly statusCode: number
  readonly problem: api.Problem | undefined

  constructor(statusCode: number, data: unknown) {
    const problem = isProblem(data) ? data : undefined
    super(problem === undefined ? `unexpected answer with status ${statusCode}` : `${problem.code}: ${problem.detail}`)
    this.name = 'ApiError'
    this.code = (problem?.code as ErrorCode | undefined) ?? 'unexpected_answer'
    this.statusCode = statusCode
    this.problem = problem
  }
}

/** Our HTTP API as functions. Each throws {@link ApiError} when the answer is not 2xx. */
export interface ApiClient {
  login(request: api.WxLoginRequest): Promise<api.WxLoginAnswer>
  products(): Promise<api.ProductsAnswer>
  submitOrder(token: string, request: api.SubmitOrderRequest, idempotencyKey?: string): Promise<api.SubmitOrderAnswer>
  prepayOrder(token: string, orderNumber: string): Promise<api.PrepayAnswer>
  checkOrder(token: string, orderNumber: string): Promise<api.Order>
  cancelOrder(token: string, orderNumber: string): Promise<api.Order>
  askRefund(token: string, request: api.AskRefundRequest): Promise<api.Order>
  myOrders(token: string, query?: api.MyOrdersQuery): Promise<api.MyOrdersAnswer>
  myOrder(token: string, orderNumber: string): Promise<api.Order>
  profile(token: string): Promise<api.Profile>
  changeProfile(token: string, request: api.ChangeProfileRequest): Promise<api.Profile>
  bindPhone(token: string, request: api.BindPhoneRequest): Promise<api.Profile>
}

/**
 * The typed client over an injected request, with neither Node nor browser globals.
 * It adds no retry and keeps no token: whoever holds those decides.
 */
export function createApiClient(request: Request): ApiClient {
  async function call<Answer>(
    method: 'GET' | 'POST',
    path: string,
    options: { token?: string; data?: unknown; header?: Record<string, string> } = {},
  ) {
    const header = { ...options.header, ...(options.token === undefined ? {} : { authorization: options.token }) }
    const { statusCode, data } = await request({
      method,
      path,
      header,
      ...(options.data === undefined ? {} : { data: options.data }),
    })
    if (statusCode < 200 || statusCode > 299) throw new ApiError(statusCode, data)
    return data as Answer
  }
  return {
    login: (data) => call('POST', '/users/wxlogin', { data }),
    products: () => call('GET', '/products'),
    submitOrder: (token, data, idempotencyKey) =>
      call('POST', '/order/submit', {
        token,
        data,
        ...(idempotencyKey === undefined ? {} : { header: { 'idempotency-key': idempotencyKey } }),
      }),
    prepayOrder: (token, orderNumber) =>
      call('POST', '/my/orders/req_unifiedorder', { token, data: { order_number: orderNumber } }),
    checkOrder: (token, orderNumber) =>
      call('POST', '/my/orders/chkOrder', { token, data: { order_number: orderNumber } }),
    cancelOrder: (token, orderNumber) =>
      call('POST', '/my/orders/cancel', { token, data: { order_number: orderNumber } }),
    askRefund: (token, data) => call('POST', '/my/orders/ask_refund', { token, data }),
    myOrders: (token, query = {}) => call('GET', `/my/orders${queryString(query)}`, { token }),
    profile: (token) => call('GET', '/my/profile', { token }),
    changeProfile: (token, data) => call('POST', '/my/profile', { token, data }),
    bindPhone: (token, data) => call('POST', '/my/phone', { token, data }),
    myOrder: (token, orderNumber) => call('GET', `/my/orders/${encodeURIComponent(orderNumber)}`, { token }),
  }
}

function isProblem(data: unknown): data is api.Problem {
  return (
    typeof data === 'object' && data !== null && 'code' in data && typeof data.code === 'string' && 'detail' in data
  )
}

function queryString(query: api.MyOrdersQuery): string {
  const pairs = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}
