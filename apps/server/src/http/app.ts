import type { IncomingMessage, ServerResponse } from 'node:http'
import rateLimit from '@fastify/rate-limit'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import fastify, { type FastifyBaseLogger, type FastifyInstance, type RawServerDefault } from 'fastify'
import { numberFromBytes } from '../domain/number.ts'
import { addFormParser, addJsonParser } from './body-parsers.ts'
import { createClientErrorHandler } from './client-error.ts'
import { addDocs } from './docs.ts'
import { healthRoutes } from './health.ts'
import { metricsRoute } from './metrics.ts'
import { myOrderRoutes } from './my-orders.ts'
import { addNotFound } from './not-found.ts'
import { orderSubmitRoute } from './order-submit.ts'
import type { HttpPorts } from './ports.ts'
import { addHeaders, createErrorHandler } from './problem.ts'
import { productsRoute } from './products.ts'
import { avatarRoute, profileRoutes } from './profile.ts'
import { requireSession } from './session.ts'
import { userRoutes } from './users.ts'
import { wechatNotifyRoute } from './wechat-notify.ts'
import { wechatPushRoute } from './wechat-push.ts'

/** An instance whose routes take their types from their schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>

function withTypes(app: FastifyInstance): App {
  return app.withTypeProvider<TypeBoxTypeProvider>()
}

/** 64 KiB is far more than any request of this API needs, and the cap for notifications (F68, A2). */
const bodyLimitBytes = 64 * 1024

const requestTimeoutMs = 10_000

/** The whole HTTP API over the ports. It listens to nothing yet. */
export async function createApp(ports: HttpPorts): Promise<FastifyInstance> {
  const answerError = createErrorHandler(ports)
  const app = fastify({
    loggerInstance: ports.logger,
    genReqId: () => numberFromBytes(ports.world.randomBytes(16)),
    requestIdHeader: false,
    // One proxy, our own: what stands before it in X-Forwarded-For is the client's word.
    trustProxy: ports.trustProxy ? (_address, hop) => hop === 0 : false,
    bodyLimit: bodyLimitBytes,
    // Slow senders and idle connections are cut (A57); Node by itself looks for them only every 30 s.
    requestTimeout: requestTimeoutMs,
    http: {
      headersTimeout: requestTimeoutMs,
      connectionsCheckingInterval: 1_000,
      // Two tokens, types or hosts make one that is none, where Node by itself takes the first.
      joinDuplicateHeaders: true,
    },
    clientErrorHandler: createClientErrorHandler(ports),
    // What the router refuses meets no hook.
    frameworkErrors: (error, request, reply) => {
      addHeaders(request, reply)
      return answerError(error, request, reply)
    },
    connectionTimeout: 30_000,
    keepAliveTimeout: 5_000,
    // While it drains, what still arrives is served (F61); the framework's own 503 would be no problem+json either.
    return503OnClosing: false,
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false, allErrors: false } },
    routerOptions: { maxParamLength: 128 },
  })
  app.setErrorHandler(answerError)
  app.addHook('onSend', async (request, reply) => addHeaders(request, reply))
  addJsonParser(app)
  addNotFound(app)
  await app.register(rateLimit, {
    global: false,
    max: ports.rateLimitPerMinute,
    timeWindow: 60_000,
    keyGenerator: (request) => request.ip,
  })
  await addDocs(app)
  healthRoutes(app, ports)
  metricsRoute(app, ports)
  await app.register(async (scope) => {
    scope.addHook('onRequest', scope.rateLimit())
    userRoutes(withTypes(scope), ports)
    productsRoute(withTypes(scope), ports)
    avatarRoute(withTypes(scope), ports)
  })
  await app.register(async (scope) => {
    scope.addHook('onRequest', scope.rateLimit())
    requireSession(scope, ports)
    orderSubmitRoute(withTypes(scope), ports)
    await profileRoutes(withTypes(scope), ports)
    await scope.register(async (forms) => {
      await addFormParser(forms)
      myOrderRoutes(withTypes(forms), ports)
    })
  })
  // WeChat is never turned away for asking often (A56): each of its messages is money.
  await app.register(async (scope) => wechatNotifyRoute(scope, ports))
  await app.register(async (scope) => wechatPushRoute(scope, ports))
  return app
}
