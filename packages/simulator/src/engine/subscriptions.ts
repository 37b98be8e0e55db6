import type { PhoneMessage, SubscribeTemplate } from './after-payment-records.ts'
import type { Engine } from './engine.ts'
import { addPhoneMessage } from './phone-messages.ts'
import { queuePush } from './pushes.ts'
import { alphabets, randomText } from './random.ts'
import type { Account } from './records.ts'

/** Adds a template to an app. */
export function addTemplate(
  { books, random }: Engine,
  template: Omit<SubscribeTemplate, 'templateId'>,
): SubscribeTemplate {
  const added = { ...template, templateId: randomText(random, alphabets.base64Url, 43) }
  books.transact(() => books.subscribeTemplates.put(added))
  return added
}

/** The templates of an app. */
export const templatesOf = ({ books }: Engine, appid: string): SubscribeTemplate[] =>
  [...books.subscribeTemplates.values()].filter((template) => template.appid === appid)

/** Gives the first app a template for paid orders, if no app has any. */
export function ensureDefaultTemplate(engine: Engine): void {
  const [merchant] = engine.books.merchants.values()
  const appid = merchant?.appids[0]
  if (appid === undefined || engine.books.subscribeTemplates.size > 0) return
  const keys = ['character_string1', 'amount2', 'thing3', 'time4']
  addTemplate(engine, { appid, title: '订单支付成功通知', keys, enums: {} })
}

/** The answer in the dialog of wx.requestSubscribeMessage: each accept is good for one more message. */
export function answerSubscribeDialog(
  engine: Engine,
  { appid, openid }: Account,
  templateIds: readonly string[],
  answer: 'accept' | 'reject',
): void {
  const { books } = engine
  books.transact(() => {
    for (const templateId of answer === 'accept' ? templateIds : []) {
      const left = books.subscriptions.get(openid, templateId)?.left ?? 0
      books.subscriptions.put({ openid, templateId, left: left + 1 })
    }
    const List = templateIds.map((id) => ({ TemplateId: id, SubscribeStatusString: answer, PopupScene: '0' }))
    queuePush(engine, appid, 'subscribe_msg_popup_event', { List }, openid)
  })
}

/** The user turns templates off in the app's settings: what was accepted is lost. */
export function turnTemplatesOff(engine: Engine, { appid, openid }: Account, templateIds: readonly string[]): void {
  engine.books.transact(() => {
    for (const templateId of templateIds) engine.books.subscriptions.put({ openid, templateId, left: 0 })
    const List = templateIds.map((id) => ({ TemplateId: id, SubscribeStatusString: 'reject' }))
    queuePush(engine, appid, 'subscribe_msg_change_event', { List }, openid)
  })
}

/** Sends one message to the user's phone. `false`: the user did not accept one, or it is used up. */
export function sendSubscribeMessage(
  engine: Engine,
  template: SubscribeTemplate,
  openid: string,
  message: Pick<PhoneMessage, 'data' | 'page'> & { readonly miniprogramState: string; readonly lang: string },
): boolean {
  const { books } = engine
  const { appid, templateId, title } = template
  const left = books.subscriptions.get(openid, templateId)?.left ?? 0
  if (left === 0) return false
  books.transact(() => {
    books.subscriptions.put({ openid, templateId, left: left - 1 })
    const MsgID = addPhoneMessage(engine, { ...message, appid, openid, kind: 'subscribe', title, templateId })
    const List = [{ TemplateId: templateId, MsgID, ErrorCode: '0', ErrorStatus: 'success' }]
    queuePush(engine, appid, 'subscribe_msg_sent_event', { List }, openid)
  })
  return true
}
