/** `2026-11-24 17:05` in the phone's time zone; what the server writes is RFC 3339. */
export function formatTime(instant: string): string {
  const time = new Date(instant)
  const date = [time.getFullYear(), time.getMonth() + 1, time.getDate()].map(twoDigits).join('-')
  return `${date} ${[time.getHours(), time.getMinutes()].map(twoDigits).join(':')}`
}

/** `14:05` until `instant`, hours where there are any; `00:00` when it is over. */
export function formatCountdown(instant: string, nowMs: number): string {
  const seconds = Math.max(0, Math.ceil((new Date(instant).getTime() - nowMs) / 1000))
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return (parts[0] === 0 ? parts.slice(1) : parts).map(twoDigits).join(':')
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
