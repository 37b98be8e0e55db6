import type { World } from '../../world.ts'
import { type Call, type Handled, type Protocol, subjectOf } from '../exchange.ts'
import { closeOrder } from './close-order.ts'
import { orderQuery } from './order-query.ts'
import { refund } from './refund.ts'
import { refundQuery } from './refund-query.ts'
import { unifiedOrder } from './unified-order.ts'
import { signedV2Answer, toV2Answer, type V2Fields } from './v2-answer.ts'
import { V2Refusal } from './v2-refusal.ts'
import { checkClientCertificate, checkIdentity, checkSender, readV2Message, type V2Request } from './v2-request.ts'

const endpoints = new Map<string, (world: World, request: V2Request) => V2Fields>([
  ['/pay/unifiedorder', unifiedOrder],
  ['/pay/orderquery', orderQuery],
  ['/pay/closeorder', closeOrder],
  ['/secapi/pay/refund', refund],
  ['/pay/refundquery', refundQuery],
])

/** Pay v2 (pay-v2.md 1 to 8). */
export const v2Protocol = (world: World): Protocol => ({
  async handle(call) {
    const endpoint = endpoints.get(call.path)
    if (!endpoint) return notFound
    return answerCall(world, call, (request) => {
      if (call.path.startsWith('/secapi/')) checkClientCertificate(request)
      checkIdentity(world, request)
      return endpoint(world, request)
    })
  },
  async fail(call, problem) {
    return answerCall(world, call, () => {
      if (problem === 'system-error') throw new V2Refusal('SYSTEMERROR', '系统错误')
      throw new V2Refusal('FREQUENCY_LIMITED', '频率限制')
    })
  },
})

const notFound: Handled = {
  answer: { status: 404, headers: { 'content-type': 'text/plain' }, body: '' },
  verdict: { ok: false, code: 'not_found', message: 'no such endpoint' },
}

function answerCall(world: World, call: Call, work: (request: V2Request) => V2Fields): Handled {
  let request: V2Request | undefined
  try {
    request = checkSender(world, call, readV2Message(call))
    return describe(
      world,
      request,
      { ok: true, code: 'SUCCESS' },
      answer(world, request, [['result_code', 'SUCCESS'], ...work(request)]),
    )
  } catch (error) {
    if (!(error instanceof V2Refusal)) throw error
    const verdict = { ok: false, code: error.code, message: error.message, ...error.hint }
    if (error.layer === 'communication' || !request) {
      const fields: V2Fields = [
        ['return_code', 'FAIL'],
        ['return_msg', error.message],
      ]
      return { answer: toV2Answer(fields), verdict }
    }
    const fields: V2Fields = [
      ['result_code', 'FAIL'],
      ['err_code', error.code],
      ['err_code_des', error.message],
    ]
    return describe(world, request, verdict, answer(world, request, fields))
  }
}

const answer = (world: World, { params, merchant, signType, path }: V2Request, fields: V2Fields): Handled['answer'] =>
  signedV2Answer(world, params, merchant, signType, path, fields)

function describe(
  world: World,
  { call, path, merchant }: V2Request,
  verdict: Handled['verdict'],
  answer: Handled['answer'],
): Handled {
  const { outTradeNo = '', outRefundNo = '' } = subjectOf(call, world.books)
  return {
    answer,
    verdict,
    operation: path.slice(path.lastIndexOf('/') + 1),
    mchid: merchant.mchid,
    outTradeNo,
    outRefundNo,
  }
}
