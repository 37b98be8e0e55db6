// Both protocols write Beijing time, which has been UTC+8 without daylight saving since 1991.
const offsetMs = 8 * 3_600_000

const shifted = (ms: number): string => new Date(ms + offsetMs).toISOString()

/** v2's `yyyyMMddHHmmss`. */
export const toCompactTime = (ms: number): string => shifted(ms).slice(0, 19).replace(/[-:T]/g, '')

/** v2's `yyyy-MM-dd HH:mm:ss`, as refunds have it. */
export const toSpacedTime = (ms: number): string => shifted(ms).slice(0, 19).replace('T', ' ')

/** v3's RFC 3339 with offset, whole seconds: `2018-06-08T10:34:56+08:00`. */
export const toRfc3339 = (ms: number): string => `${shifted(ms).slice(0, 19)}+08:00`

/** Reads v2's `yyyyMMddHHmmss`; `undefined` when it is not one or names no real date. */
export function fromCompactTime(text: string): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(text)
  if (!match) return undefined
  const [, year, month, day, hour, minute, second] = match
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`)
  return toCompactTimeOrEmpty(ms) === text ? ms : undefined
}

/** Reads RFC 3339 with an offset; `undefined` when it is not that. */
export function fromRfc3339(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/.test(text)) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}

const toCompactTimeOrEmpty = (ms: number): string => (Number.isNaN(ms) ? '' : toCompactTime(ms))
