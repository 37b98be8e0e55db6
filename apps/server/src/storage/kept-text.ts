/**
 * A text as PostgreSQL can keep it: NUL, and half of a character, as a text has at its end that was cut within an emoji,
 * become U+FFFD. Refused they would keep a whole transaction from being committed, at each try anew.
 */
export function keptText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd')
}

/** JSON whose texts are such. */
export function serializeJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'string' ? keptText(part) : part))
}
