import { type Fen, fen } from '@fenpay/contract'
import { wrongUse } from './cli-failure.ts'

/**
 * Yuan as a person writes them, `12.34`, read digit by digit: no float takes part (A29). Both decimals are wanted, so
 * that nobody gives a hundred times too much by writing fen (A30).
 * @throws CliFailure wrong_use
 */
export function readAmount(text: string): Fen {
  const [, whole, cents] = /^([0-9]{1,8})\.([0-9]{2})$/.exec(text) ?? []
  const amount = Number(`${whole}${cents}`)
  if (whole === undefined || amount < 1)
    throw wrongUse(`--amount is ${JSON.stringify(text)}.`, 'Write yuan with both decimals, such as 12.00 or 0.05.')
  return fen(amount)
}

/**
 * `beef-noodles` (one piece) or `beef-noodles=2`.
 * @throws CliFailure wrong_use
 */
export function readItem(text: string): { sku: string; quantity: number } {
  const [, sku, quantity = '1'] = /^([^=\s]+)(?:=([1-9][0-9]{0,2}))?$/.exec(text) ?? []
  if (sku === undefined)
    throw wrongUse(`--item is ${JSON.stringify(text)}.`, 'Write a sku, or a sku and how many: beef-noodles=2.')
  return { sku, quantity: Number(quantity) }
}

/** @throws CliFailure wrong_use */
export function readLimit(text: string): number {
  if (/^[1-9][0-9]{0,3}$/.test(text)) return Number(text)
  throw wrongUse(`--limit is ${JSON.stringify(text)}.`, 'Write a whole number from 1 to 9999.')
}

/**
 * What the user reads with a refund.
 * @throws CliFailure wrong_use
 */
export function readReason(text: string): string {
  const length = [...text].length
  if (length >= 1 && length <= 80 && text.isWellFormed()) return text
  throw wrongUse(`--reason has ${length} characters.`, 'Write 1 to 80: the user reads them in WeChat.')
}
