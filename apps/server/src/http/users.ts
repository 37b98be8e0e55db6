import type { WxLoginRequest } from '@fenpay/contract'
import { wxLoginAnswerSchema, wxLoginRequestSchema } from '@fenpay/contract/schemas'
import Type from 'typebox'
import { logIn } from '../commands/log-in.ts'
import { logOut } from '../commands/log-out.ts'
import { Refusal } from '../domain/refusal.ts'
import type { UserInfoFields } from '../ports.ts'
import { errorAnswers } from './answers.ts'
import type { App } from './app.ts'
import type { HttpPorts } from './ports.ts'

/** `POST /users/wxlogin`, `POST /users/logout`. */
export function userRoutes(app: App, ports: HttpPorts): void {
  app.post(
    '/users/wxlogin',
    {
      schema: {
        summary: 'Log in with the code of wx.login',
        tags: ['1 login'],
        body: wxLoginRequestSchema,
        response: {
          200: wxLoginAnswerSchema,
          ...errorAnswers(
            'wx_code_invalid',
            'user_info_invalid',
            'user_blocked',
            'wechat_refused',
            'wechat_unreachable',
          ),
        },
      },
    },
    async ({ body }) => {
      const appid = body.appid ?? ports.defaultAppid
      const merchant = await ports.merchants.ofApp(appid)
      if (merchant === undefined) throw new Refusal('invalid_request', `The mini program ${appid} is not one of ours.`)
      return { token: await logIn(ports, merchant.merchantId, appid, body.code, userInfoOf(body)) }
    },
  )
  app.post(
    '/users/logout',
    {
      schema: {
        summary: 'End the session of the Authorization header',
        tags: ['1 login'],
        response: { 204: Type.Null(), ...errorAnswers() },
      },
    },
    async (request, reply) => {
      await logOut(ports, request.headers.authorization)
      return reply.code(204).send(null)
    },
  )
}

function userInfoOf({ encryptedData, rawData, iv, signature }: WxLoginRequest): UserInfoFields | undefined {
  if (encryptedData !== undefined && rawData !== undefined && iv !== undefined && signature !== undefined) {
    return { encryptedData, rawData, iv, signature }
  }
  if ([encryptedData, rawData, iv, signature].every((field) => field === undefined)) return undefined
  throw new Refusal('invalid_request', 'encryptedData, rawData, iv and signature come together or not at all.')
}
