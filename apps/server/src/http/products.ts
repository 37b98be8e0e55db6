import { productsAnswerSchema } from '@fenpay/contract/schemas'
import Type from 'typebox'
import { Refusal } from '../domain/refusal.ts'
import { errorAnswers } from './answers.ts'
import type { App } from './app.ts'
import type { HttpPorts } from './ports.ts'

/** `GET /products`: what is on sale; no login, as WeChat's review asks for. */
export function productsRoute(app: App, ports: HttpPorts): void {
  app.get(
    '/products',
    {
      schema: {
        summary: 'What is on sale',
        tags: ['2 order'],
        querystring: Type.Object(
          {
            appid: Type.Optional(
              Type.String({
                pattern: '^wx[0-9a-f]{16}$',
                description: 'The mini program; default: the one configured first.',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: { 200: productsAnswerSchema, ...errorAnswers() },
      },
    },
    async ({ query }) => {
      const merchant = await ports.merchants.ofApp(query.appid ?? ports.defaultAppid)
      if (merchant === undefined) throw new Refusal('invalid_request', 'This mini program is not one of ours.')
      return { products: await ports.store.reads.products(merchant.merchantId) }
    },
  )
}
