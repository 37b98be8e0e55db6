import type { SubscribeTemplate } from '../engine/after-payment-records.ts'
import { accountOf } from '../engine/people.ts'
import { addTemplate, answerSubscribeDialog, templatesOf, turnTemplatesOff } from '../engine/subscriptions.ts'
import { keyTypes, typeOfKey } from '../protocol/mini-program/subscribe/value-rules.ts'
import type { World } from '../world.ts'
import { appOfPath } from './app-of-path.ts'
import type { Control, ControlAnswer } from './control.ts'
import { type ControlInput, ControlInputError, objectAt, readInput, requiredText } from './input.ts'
import { whoIsIt } from './login.ts'

const askedMax = 5

/** POST /_sim/apps/:appid/subscribe-templates `{title, keys, enums?}`: one more template. */
export function addSubscribeTemplate(control: Control): ControlAnswer {
  const appid = appOfPath(control)
  const input = readInput(control.call.text)
  const title = requiredText(input, 'title')
  const keys = textsAt(input, 'keys')
  const unknown = keys.find((key) => typeOfKey(key) === undefined)
  if (keys.length === 0 || unknown !== undefined) {
    throw new ControlInputError(`keys are a type and a number, such as thing1; types: ${keyTypes.join(', ')}`)
  }
  const enums = Object.fromEntries(
    Object.entries(objectAt(input['enums'] ?? {}, 'enums')).map(([key, values]) => [
      key,
      textsAt({ [key]: values }, key),
    ]),
  )
  return { status: 201, body: describeTemplate(addTemplate(control.world, { appid, title, keys, enums })) }
}

/** What GET /_sim/merchants says about a template. */
export const describeTemplate = ({ templateId, title, keys }: SubscribeTemplate): object => ({
  template_id: templateId,
  title,
  keys,
})

/**
 * POST /_sim/wx/requestSubscribeMessage `{appid, user, tmplIds, answer: accept | reject}`: the dialog of
 * wx.requestSubscribeMessage (after-payment.md 2.1). Of templates with equal titles only the first is asked about.
 */
export function requestSubscribeMessage({ world, notifier, call }: Control): ControlAnswer {
  const input = readInput(call.text)
  const { appid, user } = whoIsIt({ world }, input)
  const answer = input['answer']
  if (answer !== 'accept' && answer !== 'reject') throw new ControlInputError('answer must be accept or reject')
  const ids = input['tmplIds']
  if (!Array.isArray(ids) || ids.length === 0) return failed(10001, 'TmplIds can not be empty')
  if (ids.length > askedMax) return failed(20003, 'Templates count out of max bounds')
  const templates = ids.map((id: unknown) => templateAt(world, appid, id))
  const known = templates.filter((template) => template !== undefined)
  if (known.length < ids.length) return failed(10004, 'Invalid template id')
  const shown = known
    .filter(({ title }, index) => known.findIndex((other) => other.title === title) === index)
    .map(({ templateId }) => templateId)
  const account = world.books.transact(() => accountOf(world, appid, user))
  answerSubscribeDialog(world, account, shown, answer)
  const results = ids.map((id: unknown) => [id, shown.includes(String(id)) ? answer : 'filter'])
  return {
    body: { errMsg: 'requestSubscribeMessage:ok', ...Object.fromEntries(results) },
    verdict: { ok: true, code: 'requestSubscribeMessage:ok' },
    afterwards: () => notifier.wake(),
  }
}

/** POST /_sim/wx/turnOffSubscribeMessages `{appid, user, tmplIds}`: the user changes his mind in the app's settings. */
export function turnOffSubscribeMessages({ world, notifier, call }: Control): ControlAnswer {
  const input = readInput(call.text)
  const { appid, user } = whoIsIt({ world }, input)
  const ids = textsAt(input, 'tmplIds')
  if (ids.length === 0 || ids.some((id) => !templateAt(world, appid, id))) {
    throw new ControlInputError('tmplIds must be template ids of the app; GET /_sim/merchants lists them')
  }
  const account = world.books.transact(() => accountOf(world, appid, user))
  turnTemplatesOff(world, account, ids)
  return { body: { off: ids }, afterwards: () => notifier.wake() }
}

const templateAt = (world: World, appid: string, id: unknown): SubscribeTemplate | undefined =>
  templatesOf(world, appid).find(({ templateId }) => templateId === id)

function failed(errCode: number, text: string): ControlAnswer {
  const errMsg = `requestSubscribeMessage:fail ${text}`
  return { body: { errMsg, errCode }, verdict: { ok: false, code: String(errCode), message: errMsg } }
}

function textsAt(input: ControlInput, name: string): string[] {
  const value = input[name]
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value
  throw new ControlInputError(`${name} must be a list of strings`)
}
