import type { Call } from '../exchange.ts'
import { readWxBody } from './credentials.ts'
import { WxRefusal } from './wx-error.ts'

/** A JSON object of unknown content. */
export type WxInput = Readonly<Record<string, unknown>>

/** The body as the shipping APIs take it: a `\u` escape of a character stays the escape text. Throws {@link WxRefusal}. */
export const readLiteralBody = (call: Call): WxInput =>
  readWxBody({ ...call, text: call.text.replace(/\\(?:(\\)|u([0-9a-fA-F]{4}))/g, literally) })

const literally = (text: string, backslash?: string): string => (backslash === undefined ? `\\${text}` : text)

// A value of another type than the documents say is a data format error: a number sent as a string above all.
function typed<T>(input: WxInput, name: string, is: (value: unknown) => value is T): T | undefined {
  const value = input[name]
  if (value === undefined || value === null || is(value)) return value ?? undefined
  throw new WxRefusal(47001, `hint: ${name}`)
}

export const textAt = (input: WxInput, name: string): string | undefined =>
  typed(input, name, (value): value is string => typeof value === 'string')
export const numberAt = (input: WxInput, name: string): number | undefined =>
  typed(input, name, (value): value is number => Number.isSafeInteger(value))
export const booleanAt = (input: WxInput, name: string): boolean | undefined =>
  typed(input, name, (value): value is boolean => typeof value === 'boolean')
export const objectIn = (input: WxInput, name: string): WxInput | undefined => typed(input, name, isObject)

/** A list of objects; missing is a format error as well. */
export function listAt(input: WxInput, name: string): readonly WxInput[] {
  const list = typed(input, name, (value): value is readonly WxInput[] => Array.isArray(value) && value.every(isObject))
  if (!list) throw new WxRefusal(47001, `hint: ${name}`)
  return list
}

const isObject = (value: unknown): value is WxInput =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
