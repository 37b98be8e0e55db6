import { alphabets, randomText } from '../../engine/random.ts'
import type { World } from '../../world.ts'
import type { Answer, Call, Handled, Protocol } from '../exchange.ts'
import { getAccessToken, getStableAccessToken } from './access-token.ts'
import { code2Session } from './code2session.ts'
import { getUserPhoneNumber } from './phone-number.ts'
import { checkSessionKey, resetUserSessionKey } from './session-key.ts'
import { type WxErrorCode, WxRefusal } from './wx-error.ts'

const endpoints = new Map<string, (world: World, call: Call) => object>([
  ['/sns/jscode2session', code2Session],
  ['/cgi-bin/token', getAccessToken],
  ['/cgi-bin/stable_token', getStableAccessToken],
  ['/wxa/business/getuserphonenumber', getUserPhoneNumber],
  ['/wxa/checksession', checkSessionKey],
  ['/wxa/resetusersessionkey', resetUserSessionKey],
])

/** The server APIs of api.weixin.qq.com that login needs (miniprogram-login.md). Errors come with HTTP 200 and a rid. */
export const miniProgramProtocol = (world: World): Protocol => ({
  async handle(call) {
    const endpoint = endpoints.get(call.path)
    if (!endpoint) {
      return { answer: { status: 404, headers: {}, body: '' }, verdict: { ok: false, code: 'not_found' } }
    }
    try {
      const busy = world.faults.take({ path: call.path }, 'login.busy')
      if (busy) throw new WxRefusal(busy.options['errcode'] === 45011 ? 45011 : -1)
      return { answer: toAnswer(call, endpoint(world, call)), verdict: { ok: true, code: '0' } }
    } catch (error) {
      if (error instanceof WxRefusal) return refused(world, call, error.errcode, error.message)
      throw error
    }
  },
  async fail(call, problem) {
    const { errcode, message } = new WxRefusal(problem === 'system-error' ? -1 : 45011)
    return refused(world, call, errcode, message)
  },
})

function refused(world: World, call: Call, errcode: WxErrorCode, text: string): Handled {
  const hex = (length: number): string => randomText(world.random, alphabets.hex, length)
  const errmsg = `${text}, rid: ${hex(8)}-${hex(8)}-${hex(8)}`
  return { answer: toAnswer(call, { errcode, errmsg }), verdict: { ok: false, code: String(errcode), message: errmsg } }
}

const toAnswer = (call: Call, body: object): Answer => ({
  status: 200,
  headers: { 'content-type': call.path.startsWith('/sns/') ? 'text/plain' : 'application/json; charset=utf-8' },
  body: JSON.stringify(body),
})
