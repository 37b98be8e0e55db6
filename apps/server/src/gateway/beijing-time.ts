import { beijingTime } from '../domain/beijing-time.ts'

/** WeChat's v2 writes times as `yyyyMMddHHmmss` of Beijing, UTC+8 all year, wherever we run (F74). */
export function toBeijingDigits(instant: Date): string {
  return beijingTime(instant).replace(/[-: ]/g, '')
}

/** Undefined for anything that is no such time. */
export function fromBeijingDigits(digits: string): Date | undefined {
  const parts = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})$/.exec(digits)
  if (parts === null) return undefined
  const [, year, month, day, hour, minute, second] = parts
  return validDate(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`)
}

/** v3 wants RFC 3339 with an offset; Beijing's is what its own examples show. */
export function toBeijingRfc3339(instant: Date): string {
  return `${beijingTime(instant).replace(' ', 'T')}+08:00`
}

/** Undefined for anything that is no instant. */
export function validDate(text: string): Date | undefined {
  const instant = new Date(text)
  return Number.isNaN(instant.getTime()) ? undefined : instant
}
