/** What a value of a template's key may look like, by the key's type (after-payment.md 2.2). */

const clock = String.raw`\d{1,2}:\d{2}(?::\d{2})?`
const day = String.raw`\d{4}年\d{1,2}月\d{1,2}日`
const range = (moment: string): RegExp => new RegExp(`^${moment}(?:~${moment})?$`)

const rules: Readonly<Record<string, RegExp>> = {
  thing: /^.{1,20}$/su,
  number: /^(?!.{34})-?\d{1,32}(?:\.\d+)?$/,
  letter: /^[A-Za-z]{1,32}$/,
  symbol: /^[^\p{L}\p{N}\s]{1,5}$/u,
  character_string: /^[\x21-\x7e]{1,32}$/,
  time: range(`(?:${day} )?${clock}`),
  date: range(`${day}(?: ${clock})?`),
  amount: /^\p{Sc}?\d{1,10}(?:\.\d+)?元?$/u,
  phone_number: /^[\d+\-()*# ]{1,17}$/,
  car_number: /^[\p{Script=Han}A-Za-z\d]{1,8}$/u,
  name: /^(?:[A-Za-z .·]{1,20}|[\p{L} .·]{1,10})$/u,
  phrase: /^\p{Script=Han}{1,5}$/u,
}

/** Types that a template's keys may have. */
export const keyTypes: readonly string[] = [...Object.keys(rules), 'enum']

/** The type in a key's name: `thing` of thing1; `undefined` when there is no such type. */
export function typeOfKey(key: string): string | undefined {
  const type = /^([a-z_]+?)\d+$/.exec(key)?.[1]
  return type !== undefined && keyTypes.includes(type) ? type : undefined
}

/** Whether WeChat takes the value. `allowed` are the values of an enum key. */
export function valueFits(key: string, value: unknown, allowed: readonly string[] = []): value is string {
  if (typeof value !== 'string') return false
  const type = typeOfKey(key) ?? ''
  return type === 'enum' ? allowed.includes(value) : (rules[type]?.test(value) ?? false)
}
