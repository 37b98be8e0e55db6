import multipart from '@fastify/multipart'
import { bindPhoneRequestSchema, changeProfileRequestSchema, profileSchema } from '@fenpay/contract/schemas'
import { bindPhone, changeAvatar, changeNickname, showProfile } from '../commands/profile.ts'
import { avatarBytesMax } from '../domain/profile.ts'
import { Refusal } from '../domain/refusal.ts'
import { errorAnswers } from './answers.ts'
import type { App } from './app.ts'
import type { HttpPorts } from './ports.ts'
import { sessionOf } from './session.ts'

const tags = ['profile']
const security = [{ token: [] }]

/** `GET` and `POST /my/profile`, `POST /my/phone`, `POST /my/avatar`: what the user tells about themselves. */
export async function profileRoutes(app: App, ports: HttpPorts): Promise<void> {
  app.get(
    '/my/profile',
    {
      schema: {
        summary: 'What the user told about themselves',
        tags,
        security,
        response: { 200: profileSchema, ...errorAnswers('login_required') },
      },
    },
    (request) => showProfile(ports, sessionOf(request)),
  )
  app.post(
    '/my/profile',
    {
      schema: {
        summary: 'Set the nickname',
        tags,
        security,
        body: changeProfileRequestSchema,
        response: { 200: profileSchema, ...errorAnswers('login_required') },
      },
    },
    (request) => changeNickname(ports, sessionOf(request), request.body.nickname),
  )
  app.post(
    '/my/phone',
    {
      schema: {
        summary: 'Keep the phone number of the phone number button',
        tags,
        security,
        body: bindPhoneRequestSchema,
        response: {
          200: profileSchema,
          ...errorAnswers('login_required', 'phone_code_invalid', 'wechat_refused', 'wechat_unreachable'),
        },
      },
    },
    (request) => bindPhone(ports, sessionOf(request), request.body.code),
  )
  await app.register(async (uploads) => {
    await uploads.register(multipart, { limits: { fileSize: avatarBytesMax, files: 1, fields: 0, parts: 1 } })
    uploads.post(
      '/my/avatar',
      {
        bodyLimit: avatarBytesMax + 4096,
        schema: {
          summary: 'Set the avatar, as wx.uploadFile sends it in the field `avatar`',
          tags,
          security,
          consumes: ['multipart/form-data'],
          response: { 200: profileSchema, ...errorAnswers('login_required', 'avatar_invalid') },
        },
      },
      async (request) => {
        const session = sessionOf(request)
        const file = request.isMultipart() ? await request.file().catch(() => undefined) : undefined
        if (file?.fieldname !== 'avatar') throw new Refusal('avatar_invalid', 'There is no file in the field avatar.')
        const content = await file.toBuffer().catch(() => undefined)
        if (content === undefined) throw new Refusal('avatar_invalid', 'The file is larger than 256 KiB.')
        return changeAvatar(ports, session, content)
      },
    )
  })
}

/** `GET /avatars/:merchant_id/:avatar_id`: the picture itself. Its address is random and never shows another one. */
export function avatarRoute(app: App, ports: HttpPorts): void {
  app.get<{ Params: { merchant_id: string; avatar_id: string } }>(
    '/avatars/:merchant_id/:avatar_id',
    { schema: { summary: 'A picture', tags } },
    async (request, reply) => {
      const { merchant_id, avatar_id } = request.params
      const mayExist = /^[0-9]{8,32}$/.test(merchant_id) && /^[0-9A-Z]{26}$/.test(avatar_id)
      const avatar = mayExist ? await ports.profiles.findAvatar(merchant_id, avatar_id) : undefined
      if (avatar === undefined) throw new Refusal('not_found', '')
      return reply
        .type(avatar.contentType)
        .header('cache-control', 'public, max-age=31536000, immutable')
        .header('content-security-policy', "default-src 'none'")
        .send(avatar.content)
    },
  )
}
