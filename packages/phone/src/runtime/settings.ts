/** How the phone itself is set: who holds it, its network, its looks. The desktop page changes it by message. */
export interface Settings {
  /** The WeChat user who holds the phone. */
  user: string
  online: boolean
  /** Added to each request, in milliseconds. */
  slowMs: number
  dark: boolean
  /** WeChat's font size: 1 is standard. */
  fontScale: number
}

/** What the server injects as `window.__phone`. */
interface Injected {
  readonly appid?: string
  readonly user?: string
  readonly title?: string
  readonly apiOverrides?: Readonly<Record<string, string>>
}

declare global {
  interface Window {
    __phone?: Injected
  }
}

const key = 'fenpay-phone:settings'
const injected: Injected = window.__phone ?? {}
const fromUrl = new URLSearchParams(location.search).get('user')
const kept = JSON.parse(sessionStorage.getItem(key) ?? '{}') as Partial<Settings>

/** The mini program's appid, as its project names it. */
export const appid = injected.appid ?? 'touristappid'
/** Origins that the mini program names, and where they are served instead. */
const apiOverrides = injected.apiOverrides ?? {}

/** An address that the mini program names, as it is served on this machine. */
export function servedAt(address: string): string {
  const { origin } = new URL(address)
  const served = apiOverrides[origin]
  return served === undefined ? address : served + address.slice(origin.length)
}

/** The mini program's name. */
export const programTitle = injected.title ?? '小程序'

export const settings: Settings = {
  user: fromUrl ?? injected.user ?? '小明',
  online: true,
  slowMs: 0,
  dark: false,
  fontScale: 1,
  ...kept,
}

type Listener = (changed: ReadonlySet<keyof Settings>) => void
const listeners = new Set<Listener>()

/** Calls back after each change, with the names of what changed. */
export const onSettings = (listener: Listener): void => {
  listeners.add(listener)
}

/** Changes settings; they live as long as the browser's tab, over a restart of the mini program. */
export function changeSettings(change: Partial<Settings>): void {
  const changed = new Set<keyof Settings>()
  for (const name of Object.keys(settings) as (keyof Settings)[]) {
    if (change[name] !== undefined && change[name] !== settings[name]) changed.add(name)
  }
  if (changed.size === 0) return
  Object.assign(settings, change)
  sessionStorage.setItem(key, JSON.stringify(settings))
  for (const listener of listeners) listener(changed)
}
