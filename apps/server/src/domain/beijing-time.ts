const eightHoursMs = 8 * 60 * 60 * 1000

/** `2026-05-01 08:05:00` in Beijing's time, which the merchant platform shows too. */
export function beijingTime(at: Date): string {
  return new Date(at.getTime() + eightHoursMs).toISOString().slice(0, 19).replace('T', ' ')
}
