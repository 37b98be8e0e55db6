import { WechatMalformedError } from '../errors.ts'

const maxDepth = 32
const maxBytes = 1024 * 1024
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Bytes to text, strictly. A byte order mark stays and makes what follows unparsable, as it should. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    throw new WechatMalformedError('encoding', 'The message is not valid UTF-8')
  }
}

/**
 * Raw bytes to a reader of a JSON object, parsed once. At most 1 MiB and 32 levels deep. Of a repeated name the last
 * one counts, for every reader alike, as there is no second parse.
 */
export function parseJsonObject(bytes: Uint8Array): JsonFields {
  if (bytes.byteLength > maxBytes) throw new WechatMalformedError('too_large', 'The JSON message is larger than 1 MiB')
  return JsonFields.of(parseJsonText(decodeUtf8(bytes)), '')
}

/** JSON of at most 32 levels to its value. */
export function parseJsonText(text: string): unknown {
  if (depthOf(text) > maxDepth) throw new WechatMalformedError('json', `The JSON is nested deeper than ${maxDepth}`)
  try {
    return JSON.parse(text)
  } catch {
    // The parser's message quotes the text, which may be plaintext.
    throw new WechatMalformedError('json', 'The message is not valid JSON')
  }
}

function depthOf(json: string): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < json.length; at++) {
    const character = json[at]
    if (inString) {
      if (character === '\\') at++
      else if (character === '"') inString = false
    } else if (character === '"') inString = true
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth)
    else if (character === '}' || character === ']') depth--
  }
  return deepest
}

/** Reads named fields of a parsed JSON object with their types checked. Unknown fields are never copied. */
export class JsonFields {
  readonly #object: object
  readonly #path: string

  private constructor(object: object, path: string) {
    this.#object = object
    this.#path = path
  }

  static of(value: unknown, path: string): JsonFields {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new WechatMalformedError('invalid_field', `${path === '' ? 'The message' : path} is not an object`, path)
    }
    return new JsonFields(value, path)
  }

  has(name: string): boolean {
    return this.#get(name) !== undefined
  }

  text(name: string): string {
    return this.#required(name, this.optionalText(name))
  }

  /** A text; null counts as absent. */
  optionalText(name: string): string | undefined {
    const value = this.#get(name)
    if (value === undefined || typeof value === 'string') return value
    throw this.#invalid(name, 'a text')
  }

  integer(name: string): number {
    return this.#required(name, this.optionalInteger(name))
  }

  /** A safe integer. Amounts of the Pay v3 API are whole fen and come as JSON numbers. */
  optionalInteger(name: string): number | undefined {
    const value = this.#get(name)
    if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value))) return value
    throw this.#invalid(name, 'a safe integer')
  }

  boolean(name: string): boolean {
    return this.#required(name, this.optionalBoolean(name))
  }

  optionalBoolean(name: string): boolean | undefined {
    const value = this.#get(name)
    if (value === undefined || typeof value === 'boolean') return value
    throw this.#invalid(name, 'true or false')
  }

  object(name: string): JsonFields {
    return this.#required(name, this.optionalObject(name))
  }

  optionalObject(name: string): JsonFields | undefined {
    const value = this.#get(name)
    return value === undefined ? undefined : JsonFields.of(value, this.#pathTo(name))
  }

  objects(name: string): JsonFields[] {
    return this.#required(name, this.optionalObjects(name))
  }

  optionalObjects(name: string): JsonFields[] | undefined {
    const value = this.#get(name)
    if (value === undefined) return undefined
    if (!Array.isArray(value)) throw this.#invalid(name, 'a list')
    return value.map((item: unknown, index) => JsonFields.of(item, `${this.#pathTo(name)}[${index}]`))
  }

  #get(name: string): unknown {
    const value: unknown = Object.getOwnPropertyDescriptor(this.#object, name)?.value
    return value === null ? undefined : value
  }

  #required<T>(name: string, value: T | undefined): T {
    if (value !== undefined) return value
    throw new WechatMalformedError('missing_field', `The message lacks ${this.#pathTo(name)}`, this.#pathTo(name))
  }

  #invalid(name: string, expected: string): WechatMalformedError {
    return new WechatMalformedError('invalid_field', `${this.#pathTo(name)} is not ${expected}`, this.#pathTo(name))
  }

  #pathTo(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }
}
