/** What each kind of key in a subscribe message takes. See after-payment, section 2.2. */
import { checkMessageText, cutText } from './message-text.ts'

interface ValueRule {
  fits: (text: string) => boolean
  inWords: string
}

const date = String.raw`\d{4}年(?:0?[1-9]|1[0-2])月(?:0?[1-9]|[12]\d|3[01])日`
const time = String.raw`(?:[01]?\d|2[0-3]):[0-5]\d`
const timeForm = range(`(?:${date} )?${time}`)
const dateForm = range(`${date}(?: ${time})?`)
const latinName = /^[\p{Script=Latin}\p{P}\p{S} ]+$/u

const rules = new Map<string, ValueRule>([
  ['thing', { fits: (text) => text.length <= 20, inWords: 'at most 20 characters' }],
  ['number', { fits: isNumber, inWords: 'a number of at most 32 digits' }],
  ['letter', matching(/^[A-Za-z]{1,32}$/, 'at most 32 letters')],
  ['symbol', matching(/^[\p{P}\p{S}]{1,5}$/u, 'at most 5 symbols')],
  ['character_string', matching(/^[\x21-\x7e]{1,32}$/, 'at most 32 letters, digits and symbols, no blank')],
  ['time', matching(timeForm, 'a time such as 15:01 or 2019年10月1日 15:01, or two with ~ between')],
  ['date', matching(dateForm, 'a date such as 2019年10月1日, with a time or without, or two with ~ between')],
  ['amount', matching(/^\p{Sc}?\d{1,10}(?:\.\d{1,10})?元?$/u, 'an amount of at most 10 digits such as ¥28.00 or 28元')],
  ['phone_number', matching(/^[\d\p{P}\p{S}]{1,17}$/u, 'at most 17 digits and symbols')],
  ['car_number', { fits: (text) => text.length <= 8, inWords: 'at most 8 characters' }],
  ['name', { fits: (text) => text.length <= nameMax(text), inWords: 'at most 10 characters, or 20 if Latin' }],
  ['phrase', matching(/^\p{Script=Han}{1,5}$/u, 'at most 5 Chinese characters')],
])

const keyForm = /^([a-z]+(?:_[a-z]+)*)\d{1,4}$/

/**
 * The value, if the key's kind (`thing1` is a thing) takes it. Of a kind that is not known here, and of an enum, only
 * the form is checked: 1–200 characters on one line.
 * @throws TypeError that names the key and its rule, never the value
 */
export function checkSubscribeValue(key: string, value: unknown): string {
  const text = checkMessageText(key, value, 200)
  const rule = rules.get(kindOf(key))
  if (rule !== undefined && !rule.fits(text)) throw new TypeError(`${key} must be ${rule.inWords}`)
  return text
}

/**
 * Makes a text fit a subscribe message's key: a `thing` or `name` goes on one line and is cut with … between two
 * characters. Nothing else can lose a part without becoming another fact, so it must fit as it is.
 * @throws TypeError when it cannot fit, or nothing is left
 */
export function fitSubscribeValue(key: string, text: string): string {
  const kind = kindOf(key)
  if (kind === 'thing') return checkSubscribeValue(key, cutText(text, 20))
  if (kind === 'name') return checkSubscribeValue(key, cutText(text, nameMax(text)))
  return checkSubscribeValue(key, text)
}

function kindOf(key: string): string {
  const kind = keyForm.exec(key)?.[1]
  if (kind === undefined) throw new TypeError("A template's keys look like thing1 or amount2")
  return kind
}

function nameMax(text: string): number {
  return latinName.test(text) ? 20 : 10
}

function isNumber(text: string): boolean {
  return /^\d+(?:\.\d+)?$/.test(text) && text.replace('.', '').length <= 32
}

function matching(form: RegExp, inWords: string): ValueRule {
  return { fits: (text) => form.test(text), inWords }
}

function range(part: string): RegExp {
  return new RegExp(`^${part}(?:~${part})?$`)
}
