import { WechatMalformedError } from '../errors.ts'
import { decodeUtf8, parseJsonText } from '../wire/json-fields.ts'
import type { PushFields, PushValue } from './push-fields.ts'

/** A whole text, or a number. Each match ends where it must, so that a search takes linear time. */
const textOrNumber = /"(?:[^"\\]+|\\[\s\S]?)*(?:"|$)|-?\d[\d.eE+-]*/g
const longInteger = /^-?[1-9]\d{15,}$/

/**
 * Reads a push in JSON, parsed once; of a repeated name the last counts. Whole numbers of 16 digits and more, such as
 * MsgId, become texts: as numbers they would lose their last digits, and two messages look like one.
 * @throws WechatMalformedError with reason `encoding`, `json` or `invalid_field`
 */
export function readPushJson(bytes: Uint8Array): PushFields {
  const text = decodeUtf8(bytes).replace(textOrNumber, (token) => (longInteger.test(token) ? `"${token}"` : token))
  const value = parseJsonText(text)
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return copyFields(value)
  throw new WechatMalformedError('invalid_field', 'The push is not an object')
}

/** `__proto__` stays out: assigning a field of that name to an ordinary object changes what the object is. */
function copyFields(object: object): PushFields {
  const fields: Record<string, PushValue> = Object.create(null)
  for (const [name, value] of Object.entries(object)) {
    if (name !== '__proto__') fields[name] = copyValue(value)
  }
  return fields
}

function copyValue(value: unknown): PushValue {
  if (Array.isArray(value)) return value.map(copyValue)
  if (typeof value === 'object' && value !== null) return copyFields(value)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null
}
