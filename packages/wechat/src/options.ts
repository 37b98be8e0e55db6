import { isXmlCodePoint } from './wire/xml-code-point.ts'

/** Checks of what the caller configures. A mistake is a TypeError at once, and never shows the value. */

const placeholders = /undefined|null|placeholder|changeme|your[_-]?(?:api|app|key|secret)/i

/** A secret must be a string of the given form, not a placeholder and not one character repeated. */
export function checkSecret(name: string, value: unknown, form: RegExp, formInWords: string): string {
  if (typeof value !== 'string' || !form.test(value)) throw new TypeError(`${name} must be ${formInWords}`)
  if (placeholders.test(value) || new Set(value).size < 4) throw new TypeError(`${name} is a placeholder, not a key`)
  return value
}

/** An identifier must be a string of the given form; the text `undefined` is always a lost variable. */
export function checkId(name: string, value: unknown, form: RegExp): string {
  if (typeof value !== 'string' || !form.test(value) || value === 'undefined' || value === 'null') {
    throw new TypeError(`${name} must match ${form.source}`)
  }
  return value
}

export const mchidForm = /^\d{6,32}$/
export const appidForm = /^[A-Za-z0-9_-]{4,32}$/
export const outTradeNoForm = /^[0-9A-Za-z_\-|*@]{1,32}$/
export const outRefundNoForm = /^[0-9A-Za-z_\-|*@]{1,64}$/
export const transactionIdForm = /^[0-9A-Za-z]{1,32}$/
export const prepayIdForm = /^[0-9A-Za-z_-]{1,64}$/
export const openidForm = /^[A-Za-z0-9_-]{1,128}$/

const codeForm = /^[\x21-\x7e]{1,512}$/

/** A code from `wx.login` or the phone number button. */
export function checkCode(code: unknown): string {
  return checkId('code', code, codeForm)
}

/** An amount in fen: a safe integer of at least 1. */
export function checkAmountFen(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw new TypeError(`${name} must be a whole number of fen, at least 1`)
  }
  return value
}

/** An instant in seconds since the epoch, 2001 to 2286: neither milliseconds nor a text. */
export function checkSeconds(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1e9 || value >= 1e10) {
    throw new TypeError(`${name} must be a whole number of seconds since the epoch`)
  }
  return value
}

/**
 * WeChat takes characters of one to three UTF-8 bytes only: no emoji. Control characters other than tab and line ends
 * cannot be sent in XML, and lone surrogates are no characters at all.
 */
export function checkSendable(name: string, text: string): string {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (!isXmlCodePoint(unit)) {
      throw new TypeError(`${name} has a character that WeChat does not take (emoji, control character)`)
    }
  }
  return text
}
