/** Thrown for a control call that cannot be understood: answered with 400 and this message. */
export class ControlInputError extends Error {
  readonly code = 'bad_input'
}

/** A JSON object of unknown content. */
export type ControlInput = Readonly<Record<string, unknown>>

/** The JSON object in a body; an empty body is an empty object. */
export function readInput(text: string): ControlInput {
  if (text.trim() === '') return {}
  try {
    return objectAt(JSON.parse(text), 'the body')
  } catch (error) {
    if (error instanceof ControlInputError) throw error
    throw new ControlInputError('the body must be JSON')
  }
}

export function objectAt(value: unknown, what: string): ControlInput {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as ControlInput
  throw new ControlInputError(`${what} must be a JSON object`)
}

/** A text that must be there. */
export function requiredText(input: ControlInput, name: string): string {
  const value = optionalText(input, name)
  if (value === undefined || value === '') throw new ControlInputError(`${name} is missing`)
  return value
}

export function optionalText(input: ControlInput, name: string): string | undefined {
  const value = input[name]
  if (value === undefined || typeof value === 'string') return value
  throw new ControlInputError(`${name} must be a string`)
}

/** One of a few texts. */
export function optionalChoice<const T extends string>(
  input: ControlInput,
  name: string,
  choices: readonly T[],
): T | undefined {
  const value = optionalText(input, name)
  const chosen = choices.find((choice) => choice === value)
  if (value !== undefined && chosen === undefined) {
    throw new ControlInputError(`${name} must be ${choices.join(' or ')}`)
  }
  return chosen
}

/** A whole number from `min` to `max`. */
export function optionalInteger(input: ControlInput, name: string, min: number, max: number): number | undefined {
  const value = input[name]
  if (value === undefined) return undefined
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new ControlInputError(`${name} must be a whole number from ${min} to ${max}`)
}

/** A whole number in a query string. */
export function queryInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new ControlInputError(`${name} must be a whole number`)
}
