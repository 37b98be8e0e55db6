import type { MiniProgram } from './mini-program.ts'
import { setTheme } from './screen.ts'
import { settings } from './settings.ts'

let program: Pick<MiniProgram, 'app' | 'theme'> = { app: {}, theme: {} }

export function useTheme(of: Pick<MiniProgram, 'app' | 'theme'>): void {
  program = of
  setTheme(currentTheme())
  document.documentElement.style.setProperty('--font-scale', String(settings.fontScale))
}

/** The phone's theme as the mini program sees it: always light unless its app.json says `"darkmode": true`. */
export const currentTheme = (): 'light' | 'dark' => (program.app.darkmode === true && settings.dark ? 'dark' : 'light')

/** An object of app.json or a page's json, with `@variables` taken from theme.json for the current theme. */
export function themed<T extends object>(config: T): T {
  const variables = program.theme[currentTheme()] ?? {}
  const replace = (value: unknown): unknown => {
    if (typeof value === 'string' && value.startsWith('@')) return variables[value.slice(1)] ?? value
    if (Array.isArray(value)) return value.map(replace)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, replace(one)]))
  }
  return replace(config) as T
}
