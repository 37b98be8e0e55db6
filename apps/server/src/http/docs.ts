import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { errorCatalogue } from '@fenpay/contract'
import type { FastifyInstance } from 'fastify'

const errorTable = [
  '| code | status | meaning | what to do |',
  '| --- | --- | --- | --- |',
  ...Object.entries(errorCatalogue).map(
    ([code, { status, title, advice }]) => `| \`${code}\` | ${status} | ${title} | ${advice} |`,
  ),
].join('\n')

/** OpenAPI at `/docs/json`, a readable page at `/docs`, everything from this server's own files. */
export async function addDocs(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Fenpay',
        version: '0.1.0',
        description: `WeChat Pay in a Mini Program, step by step. Money is whole fen. An error is \`application/problem+json\`:\n\n${errorTable}`,
      },
      components: {
        securitySchemes: {
          token: {
            type: 'apiKey',
            in: 'header',
            name: 'Authorization',
            description: 'The token, bare or as `Bearer <token>`.',
          },
        },
      },
    },
  })
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    uiConfig: { deepLinking: true, defaultModelsExpandDepth: 0 },
  })
}
