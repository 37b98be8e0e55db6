import { beijingTime as dateTime } from '../domain/beijing-time.ts'
import { spoken } from '../domain/spoken.ts'
import { yuan } from '../domain/yuan.ts'

export { dateTime, spoken, yuan }

export function dayOf(at: Date): string {
  return dateTime(at).slice(0, 10)
}

export function clockOf(at: Date): string {
  return dateTime(at).slice(11)
}

/** `2 calls`, `1 call`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}

/** `staff:eve` → `eve (staff)`; the user of an order is named at its head. */
export function personOf(actor: string): string {
  const [, role, name] = /^(user|staff):(.*)$/su.exec(actor) ?? []
  if (role === 'user') return 'the user'
  if (role === 'staff') return `${name} (staff)`
  return actor === 'fenpay' ? 'Fenpay' : actor
}

/** The two sides of a posting, as an accountant reads them. */
export function bookedSides(entries: readonly { account: string; amount_fen: number }[]): string {
  return entries
    .map(({ account, amount_fen }) => `${amount_fen < 0 ? 'credit' : 'debit'} ${account} ${yuan(Math.abs(amount_fen))}`)
    .join(', ')
}

/** The cells of a balance under `debit` and `credit`. */
export function balanceCells(amountFen: number): [debit: string, credit: string] {
  return amountFen < 0 ? ['', yuan(-amountFen)] : [yuan(amountFen), '']
}

const outboxKinds: Record<string, string> = {
  upload_shipping: 'tell WeChat of the shipment',
  paid_message: 'subscribe message to the user',
  shipping_deadline: 'look whether it is shipped',
}

/** What an item of the outbox is for. */
export function outboxWords({ kind, event }: { kind: string; event: string | null }): string {
  return event === null ? (outboxKinds[kind] ?? spoken(kind)) : `webhook ${event}`
}

/** Facts as `key value, key value`; amounts in yuan, times in Beijing's. */
export function facts(detail: Record<string, string | number>, without: readonly string[] = []): string {
  return Object.entries(detail)
    .filter(([key]) => !without.includes(key))
    .map(([key, value]) =>
      key.endsWith('_fen') && typeof value === 'number'
        ? `${spoken(key.slice(0, -4))} ${yuan(value)}`
        : `${spoken(key)} ${key.endsWith('_at') ? timeOf(value) : value}`,
    )
    .join(', ')
}

function timeOf(value: string | number): string {
  const at = new Date(value)
  return Number.isNaN(at.getTime()) ? String(value) : dateTime(at)
}

/**
 * The same value with nothing in its texts that could move the cursor, change colours or hide: what users and other
 * systems wrote is shown to the staff, and must not be able to write their screen.
 */
export function printable<Value>(value: Value): Value {
  if (typeof value === 'string') return value.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�') as Value
  if (Array.isArray(value)) return value.map(printable) as Value
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, printable(inner)])) as Value
}
