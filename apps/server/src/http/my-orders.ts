import { isIP } from 'node:net'
import {
  askRefundRequestSchema,
  myOrdersAnswerSchema,
  myOrdersQuerySchema,
  orderNumberRequestSchema,
  orderNumberSchema,
  orderSchema,
  prepayAnswerSchema,
} from '@fenpay/contract/schemas'
import Type from 'typebox'
import { askRefund } from '../commands/ask-refund.ts'
import { cancelOrder } from '../commands/cancel-order.ts'
import { checkOrder } from '../commands/check-order.ts'
import { prepayOrder } from '../commands/prepay-order.ts'
import { listMyOrders, showMyOrder } from '../commands/read-orders.ts'
import { errorAnswers } from './answers.ts'
import type { App } from './app.ts'
import type { HttpPorts } from './ports.ts'
import { sessionOf } from './session.ts'

const security = [{ token: [] }]
const consumes = ['application/x-www-form-urlencoded', 'application/json']

/** The user's own orders: prepay, check, cancel, list, show. */
export function myOrderRoutes(app: App, ports: HttpPorts): void {
  app.post(
    '/my/orders/req_unifiedorder',
    {
      schema: {
        summary: 'The five parameters of wx.requestPayment',
        tags: ['3 prepay'],
        security,
        consumes,
        body: orderNumberRequestSchema,
        response: {
          200: prepayAnswerSchema,
          ...errorAnswers(
            'login_required',
            'order_not_found',
            'order_already_paid',
            'order_closed',
            'order_expired',
            'wechat_refused',
            'wechat_unverified',
            'wechat_unreachable',
            'payment_not_configured',
          ),
        },
      },
    },
    async (request) => ({
      pay: await prepayOrder(ports, sessionOf(request), request.body.order_number, clientIp(request.ip)),
    }),
  )
  app.post(
    '/my/orders/chkOrder',
    {
      schema: {
        summary: 'The order as it stands, after WeChat was asked',
        description: 'Call it after ok, cancel and any failure of wx.requestPayment.',
        tags: ['6 check'],
        security,
        consumes,
        body: orderNumberRequestSchema,
        response: { 200: orderSchema, ...errorAnswers('login_required', 'order_not_found') },
      },
    },
    (request) => checkOrder(ports, sessionOf(request), request.body.order_number),
  )
  app.post(
    '/my/orders/cancel',
    {
      schema: {
        summary: 'Give an unpaid order up',
        description: 'Where a payment was begun the order is `closing` until WeChat has confirmed the close.',
        tags: ['6 check'],
        security,
        consumes,
        body: orderNumberRequestSchema,
        response: { 200: orderSchema, ...errorAnswers('login_required', 'order_not_found', 'order_already_paid') },
      },
    },
    (request) => cancelOrder(ports, sessionOf(request), request.body.order_number),
  )
  app.post(
    '/my/orders/ask_refund',
    {
      schema: {
        summary: 'Ask to have pieces of a paid order, or all that is left of it, back',
        description:
          "Nothing is given back by that: the merchant's staff answer it, see `refund_request` of the order.",
        tags: ['7 refund'],
        security,
        body: askRefundRequestSchema,
        response: {
          200: orderSchema,
          ...errorAnswers(
            'login_required',
            'order_not_found',
            'order_not_paid',
            'refund_exceeds_payment',
            'refund_item_unavailable',
            'refund_request_open',
          ),
        },
      },
    },
    (request) => askRefund(ports, sessionOf(request), request.body),
  )
  app.get(
    '/my/orders',
    {
      schema: {
        summary: 'The orders of the user, newest first',
        tags: ['6 check'],
        security,
        querystring: myOrdersQuerySchema,
        response: { 200: myOrdersAnswerSchema, ...errorAnswers('login_required') },
      },
    },
    (request) => listMyOrders(ports.store, sessionOf(request), request.query),
  )
  app.get(
    '/my/orders/:order_number',
    {
      schema: {
        summary: 'One order with its lines and events',
        tags: ['6 check'],
        security,
        params: Type.Object({ order_number: orderNumberSchema }, { additionalProperties: false }),
        response: { 200: orderSchema, ...errorAnswers('login_required', 'order_not_found') },
      },
    },
    (request) => showMyOrder(ports.store, sessionOf(request), request.params.order_number),
  )
}

/** WeChat wants an address; a proxy that sends none is no reason to refuse a payment. */
function clientIp(ip: string): string {
  return isIP(ip) === 0 ? '127.0.0.1' : ip
}
