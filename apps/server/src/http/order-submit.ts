import { submitOrderAnswerSchema, submitOrderRequestSchema } from '@fenpay/contract/schemas'
import Type from 'typebox'
import { submitOrder } from '../commands/submit-order.ts'
import { errorAnswers } from './answers.ts'
import type { App } from './app.ts'
import type { HttpPorts } from './ports.ts'
import { sessionOf } from './session.ts'

/** `POST /order/submit`. */
export function orderSubmitRoute(app: App, ports: HttpPorts): void {
  app.post(
    '/order/submit',
    {
      schema: {
        summary: 'Submit an order; its stock is reserved',
        tags: ['2 order'],
        security: [{ token: [] }],
        headers: Type.Object({
          'idempotency-key': Type.Optional(
            Type.String({
              pattern: '^[\\x21-\\x7E]{1,128}$',
              description: 'The same key and body give the same order.',
            }),
          ),
        }),
        body: submitOrderRequestSchema,
        response: {
          200: submitOrderAnswerSchema,
          ...errorAnswers(
            'login_required',
            'product_unknown',
            'out_of_stock',
            'virtual_goods_refused',
            'order_total_out_of_range',
            'too_many_open_orders',
            'idempotency_key_reused',
          ),
        },
      },
    },
    (request) => submitOrder(ports, sessionOf(request), request.body, request.headers['idempotency-key']),
  )
}
