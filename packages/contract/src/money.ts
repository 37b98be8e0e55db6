/**
 * Money is a whole number of fen (分, 1/100 CNY) everywhere: in our JSON, in the database and in between.
 * The brand keeps yuan, quantities and other plain numbers out; {@link fen} is its only maker.
 */
declare const fenBrand: unique symbol
export type Fen = number & { readonly [fenBrand]: 'Fen' }

/** The most that one order may cost: 100,000.00 CNY. Far below what a number holds exactly. */
export const ORDER_TOTAL_FEN_MAX = 10_000_000

/**
 * Makes a Fen of a number that is one already.
 * @throws TypeError for a fraction, a negative or an unsafe number: such a value is a bug, never a rounding matter.
 */
export function fen(value: number): Fen {
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`not an amount in fen: ${value}`)
  return value as Fen
}

/** The price of `quantity` pieces. @throws TypeError when the product is not a safe whole number. */
export function timesFen(price: Fen, quantity: number): Fen {
  if (!Number.isSafeInteger(quantity) || quantity < 0) throw new TypeError(`not a quantity: ${quantity}`)
  return fen(price * quantity)
}

/** The sum, 0 for an empty list. @throws TypeError when it is not a safe whole number. */
export function sumFen(amounts: readonly Fen[]): Fen {
  return amounts.reduce((total, amount) => fen(total + amount), fen(0))
}

/** `1234` → `"12.34"`, for a person to read. No float takes part. */
export function formatYuan(amount: Fen): string {
  const digits = String(amount).padStart(3, '0')
  return `${digits.slice(0, -2)}.${digits.slice(-2)}`
}
