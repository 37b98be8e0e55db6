import type { SubscribeTemplate } from '../../../engine/after-payment-records.ts'
import { sendSubscribeMessage } from '../../../engine/subscriptions.ts'
import type { World } from '../../../world.ts'
import type { Call } from '../../exchange.ts'
import { appOfToken, readWxBody } from '../credentials.ts'
import { WxRefusal } from '../wx-error.ts'
import { objectIn, textAt, type WxInput } from '../wx-input.ts'
import { valueFits } from './value-rules.ts'

const states = ['developer', 'trial', 'formal']
const languages = ['zh_CN', 'en_US', 'zh_HK', 'zh_TW']

/** POST /cgi-bin/message/subscribe/send (after-payment.md 2.2). A refused message uses nothing up. */
export function sendMessage(world: World, call: Call): object {
  const input = readWxBody(call)
  const appid = appOfToken(world, call)
  const openid = textAt(input, 'touser') ?? ''
  if (world.books.accounts.find(openid)?.appid !== appid) throw new WxRefusal(40003)
  const template = world.books.subscribeTemplates.get(textAt(input, 'template_id') ?? '')
  if (template?.appid !== appid) throw new WxRefusal(40037)
  const data = readData(template, objectIn(input, 'data') ?? {})
  const page = textAt(input, 'page') ?? ''
  // Which pages the released version has is not known here; what cannot be one is refused.
  if (page !== '' && !/^\/?[\w-]+(?:\/[\w-]+)*(?:\?\S*)?$/.test(page)) throw new WxRefusal(41030)
  const miniprogramState = oneOf(input, 'miniprogram_state', states, 'formal')
  const lang = oneOf(input, 'lang', languages, 'zh_CN')
  if (!sendSubscribeMessage(world, template, openid, { data, page, miniprogramState, lang })) throw new WxRefusal(43101)
  return { errcode: 0, errmsg: 'ok' }
}

function readData(template: SubscribeTemplate, data: WxInput): Record<string, string> {
  const values = template.keys.map((key) => {
    const value = objectIn(data, key)?.['value']
    if (value === undefined || value === '') throw new WxRefusal(47003, `data.${key}.value is empty`)
    if (!valueFits(key, value, template.enums[key])) throw new WxRefusal(47003, `data.${key}.value invalid`)
    return [key, value] as const
  })
  return Object.fromEntries(values)
}

function oneOf(input: WxInput, name: string, allowed: readonly string[], otherwise: string): string {
  const value = textAt(input, name) ?? otherwise
  if (!allowed.includes(value)) throw new WxRefusal(40097, name)
  return value
}
