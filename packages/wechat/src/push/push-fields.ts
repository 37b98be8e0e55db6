import { WechatMalformedError } from '../errors.ts'

/** A value in a push. XML has texts only; JSON mixes numbers and digits in texts, even for the same field. */
export type PushValue = string | number | boolean | null | PushFields | readonly PushValue[]

/** The fields of a push as WeChat spells them. Without a prototype, so that only sent names are there. */
export interface PushFields {
  readonly [name: string]: PushValue
}

/** Reads named fields whatever the format they came in. An empty text counts as absent. */
export class PushReader {
  readonly #fields: PushFields
  readonly #path: string

  constructor(fields: PushFields, path = '') {
    this.#fields = fields
    this.#path = path
  }

  text(name: string): string {
    return this.#required(name, this.optionalText(name))
  }

  /** A text; a number counts as its digits. */
  optionalText(name: string): string | undefined {
    const value = this.#get(name)
    if (value === undefined || typeof value === 'string') return value
    if (typeof value === 'number') return String(value)
    throw this.#invalid(name, 'a text')
  }

  /** A whole number of at most 15 digits, or its text. */
  optionalInteger(name: string): number | undefined {
    const text = this.optionalText(name)
    if (text === undefined) return undefined
    if (!/^(?:0|-?[1-9]\d{0,14})$/.test(text)) throw this.#invalid(name, 'a whole number')
    return Number(text)
  }

  seconds(name: string): number {
    return this.#required(name, this.optionalSeconds(name))
  }

  /** An instant in seconds since the epoch. Zero is no instant: it counts as absent. */
  optionalSeconds(name: string): number | undefined {
    const seconds = this.optionalInteger(name)
    if (seconds === undefined || seconds === 0) return undefined
    if (seconds < 1e9 || seconds >= 1e10) throw this.#invalid(name, 'a time in seconds')
    return seconds
  }

  optionalObject(name: string): PushReader | undefined {
    const value = this.#get(name)
    return value === undefined ? undefined : this.#item(value, this.#pathTo(name))
  }

  /** A list of objects. WeChat sends a list of one as the object itself, and one of none as an empty text or not at all. */
  objects(name: string): PushReader[] {
    const value = this.#get(name)
    if (value === undefined) return []
    const items = isList(value) ? value : [value]
    return items.map((item, index) => this.#item(item, `${this.#pathTo(name)}[${index}]`))
  }

  #get(name: string): PushValue | undefined {
    const value = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined
    return value === null || value === '' ? undefined : value
  }

  #item(value: PushValue, path: string): PushReader {
    if (typeof value === 'object' && value !== null && !isList(value)) return new PushReader(value, path)
    throw new WechatMalformedError('invalid_field', `${path} is not an object`, path)
  }

  #required<T>(name: string, value: T | undefined): T {
    if (value !== undefined) return value
    throw new WechatMalformedError('missing_field', `The push lacks ${this.#pathTo(name)}`, this.#pathTo(name))
  }

  #invalid(name: string, expected: string): WechatMalformedError {
    return new WechatMalformedError('invalid_field', `${this.#pathTo(name)} is not ${expected}`, this.#pathTo(name))
  }

  #pathTo(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`
  }
}

function isList(value: PushValue): value is readonly PushValue[] {
  return Array.isArray(value)
}
