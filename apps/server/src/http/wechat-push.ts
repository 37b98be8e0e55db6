import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { receivePush } from '../commands/receive-push.ts'
import type { HttpPorts } from './ports.ts'
import { toProblem } from './problem.ts'

const appidForm = /^wx[0-9a-f]{16}$/

type PushRequest = FastifyRequest<{ Params: { appid: string }; Querystring: Record<string, unknown> }>

/**
 * `/wechat/push/:appid`: where WeChat's message push comes (消息推送). GET is its check of the address. The app comes from
 * our own address, never from the message (A66). A message is answered `success` after its commit, and is else sent again.
 */
export function wechatPushRoute(app: FastifyInstance, ports: HttpPorts): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  const options = {
    schema: { hide: true },
    errorHandler: (error: unknown, request: FastifyRequest, reply: FastifyReply) => {
      const { status, code } = toProblem(error, request.id, ports.isDatabaseUnavailable)
      request.log.error({ err: error, code }, 'a push was not taken')
      return answer(reply, status, code)
    },
  }

  app.get('/wechat/push/:appid', options, async (request: PushRequest, reply) => {
    const merchantId = await merchantIdOf(request.params.appid)
    if (merchantId === undefined) return answer(reply, 404, 'not_found')
    const echo = await ports.push.verifyUrl(merchantId, request.params.appid, queryOf(request.query))
    return echo === undefined ? answer(reply, 401, 'refused') : answer(reply, 200, echo)
  })

  app.post('/wechat/push/:appid', options, async (request: PushRequest, reply) => {
    const { appid } = request.params
    const merchantId = await merchantIdOf(appid)
    if (merchantId === undefined) return answer(reply, 404, 'not_found')
    const pushed = await receivePush(ports, {
      merchantId,
      appid,
      query: queryOf(request.query),
      contentType: (request.headers['content-type'] ?? '').slice(0, 128),
      body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    })
    if (pushed.acknowledged) return answer(reply, 200, 'success')
    request.log.warn({ reason: pushed.reason, appid }, 'a push was refused')
    return answer(reply, 401, pushed.reason)
  })

  async function merchantIdOf(appid: string): Promise<string | undefined> {
    return appidForm.test(appid) ? (await ports.merchants.ofApp(appid))?.merchantId : undefined
  }
}

function answer(reply: FastifyReply, status: number, text: string) {
  return reply.code(status).type('text/plain; charset=utf-8').send(text)
}

/** A name given twice is no signature's (A57), nor is a NUL, which the database cannot keep. */
function queryOf(query: Record<string, unknown>): Record<string, string> {
  const isPlain = (text: unknown): text is string => typeof text === 'string' && !text.includes('\0')
  return Object.fromEntries(
    Object.entries(query).flatMap(([name, value]) => (isPlain(name) && isPlain(value) ? [[name, value]] : [])),
  )
}
