import type { FastifyInstance, FastifyReply } from 'fastify'
import { receiveNotify } from '../commands/receive-notify.ts'
import { type PayApi, payApis } from '../domain/attempt.ts'
import type { HttpPorts } from './ports.ts'
import { toProblem } from './problem.ts'

const merchantIdForm = /^[0-9]{8,32}$/

/** Why a message cannot even be read; every other reason is that it is not believed. */
const unreadable = new Set(['too_large', 'encoding', 'xml', 'json', 'missing_field', 'invalid_field', 'incomplete'])

/**
 * `POST /wechat/notify/:pay_api/:merchant_id`: where WeChat brings its payments. No login: the signature is the proof.
 * Merchant and protocol come from our own address, never from the message (A12, A66). The body is kept as its bytes,
 * whatever content type it claims (A13, A18). Acknowledged only after the commit.
 */
export function wechatNotifyRoute(app: FastifyInstance, ports: HttpPorts): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))

  app.post<{ Params: { pay_api: string; merchant_id: string } }>(
    '/wechat/notify/:pay_api/:merchant_id',
    {
      schema: { hide: true },
      errorHandler: (error, request, reply) => {
        const { status, code } = toProblem(error, request.id, ports.isDatabaseUnavailable)
        request.log.error({ err: error, code }, 'a notification was not taken')
        return refuse(reply, request.params.pay_api, status, code)
      },
    },
    async (request, reply) => {
      const payApi = payApis.find((known) => known === request.params.pay_api)
      const { merchant_id } = request.params
      const merchant = merchantIdForm.test(merchant_id) ? await ports.merchants.find(merchant_id) : undefined
      if (payApi === undefined || merchant === undefined) return refuse(reply, request.params.pay_api, 404, 'not_found')
      const body = request.body instanceof Uint8Array ? request.body : new Uint8Array()
      const answer = await receiveNotify(ports, merchant.merchantId, payApi, headersOf(request.headers), body)
      if (!answer.acknowledged) {
        const { reason, suspected } = answer
        request.log.warn({ reason, suspected, merchant: merchant.merchantId }, 'a notification was refused')
        return refuse(reply, payApi, unreadable.has(answer.reason) ? 400 : 401, answer.reason)
      }
      return acknowledge(reply, payApi)
    },
  )
}

function acknowledge(reply: FastifyReply, payApi: PayApi) {
  if (payApi === 'v3') return reply.code(204).send()
  return reply.code(200).type('text/xml; charset=utf-8').send(v2Answer('SUCCESS', 'OK'))
}

/** A refusal in WeChat's own form; it sends the message again later. */
function refuse(reply: FastifyReply, payApi: string, status: number, reason: string) {
  if (payApi.startsWith('v2')) return reply.code(status).type('text/xml; charset=utf-8').send(v2Answer('FAIL', reason))
  return reply.code(status).type('application/json; charset=utf-8').send({ code: 'FAIL', message: reason })
}

function v2Answer(code: 'SUCCESS' | 'FAIL', message: string): string {
  return `<xml><return_code><![CDATA[${code}]]></return_code><return_msg><![CDATA[${message}]]></return_msg></xml>`
}

/** Header names arrive in lower case, a repeated one joined by a comma: no signature survives that, as it should be. */
function headersOf(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, [value].flat().join(', ')]],
    ),
  )
}
