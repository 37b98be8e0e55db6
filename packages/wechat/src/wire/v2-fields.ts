import { WechatMalformedError } from '../errors.ts'

/** Reads named fields of a Pay v2 message. An empty field counts as absent, as it does in the signature. */
export class V2Fields {
  readonly #fields: ReadonlyMap<string, string>

  constructor(fields: ReadonlyMap<string, string>) {
    this.#fields = fields
  }

  names(): Iterable<string> {
    return this.#fields.keys()
  }

  text(name: string): string {
    return required(name, this.optionalText(name))
  }

  optionalText(name: string): string | undefined {
    const value = this.#fields.get(name)
    return value === '' ? undefined : value
  }

  /** An amount in fen. */
  fen(name: string): number {
    return required(name, this.optionalFen(name))
  }

  optionalFen(name: string): number | undefined {
    return this.#optionalWhole(name, 'a whole number of fen')
  }

  /** How many there are of something. */
  count(name: string): number {
    return required(name, this.optionalCount(name))
  }

  optionalCount(name: string): number | undefined {
    return this.#optionalWhole(name, 'a count')
  }

  #optionalWhole(name: string, expected: string): number | undefined {
    const text = this.optionalText(name)
    if (text === undefined) return undefined
    // Fifteen digits are always a safe integer.
    if (/^(?:0|[1-9]\d{0,14})$/.test(text)) return Number(text)
    throw new WechatMalformedError('invalid_field', `${name} is not ${expected}`, name)
  }
}

function required<T>(name: string, value: T | undefined): T {
  if (value !== undefined) return value
  throw new WechatMalformedError('missing_field', `The message lacks ${name}`, name)
}
