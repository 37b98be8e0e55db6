/** What the desktop page remembers from visit to visit. */
export interface Settings {
  readonly people: readonly string[]
  readonly user: string
  readonly dark: boolean
  readonly fontScale: number
}

const key = 'fenpay-phone-settings'
const initial: Settings = { people: ['小明', '小红', '阿强'], user: '小明', dark: false, fontScale: 1 }

/** What was kept, or how a first visit begins. */
export function readSettings(): Settings {
  try {
    return { ...initial, ...(JSON.parse(localStorage.getItem(key) ?? '{}') as Partial<Settings>) }
  } catch {
    return initial
  }
}

export function keepSettings(settings: Settings): void {
  localStorage.setItem(key, JSON.stringify(settings))
}
