/** The built mini program, as the builder's entry hands it to the runtime. */
export interface MiniProgram {
  readonly app: AppConfig
  readonly theme: { readonly light?: Variables; readonly dark?: Variables }
  /** Page json by path. */
  readonly pages: Readonly<Record<string, WindowConfig>>
  readonly pageOrder: readonly string[]
  /** Compiled templates by path. */
  readonly templates: Readonly<Record<string, unknown>>
  /** Runs app.ts, then defines every page and component. */
  load(define: (unit: UnitDefinition, run: () => unknown) => void): void
}

type Variables = Readonly<Record<string, string>>

/** One page or component: its id, its json, and the prefix of its classes (null: its style is the page's). */
export interface UnitDefinition {
  readonly id: string
  readonly config: Readonly<Record<string, unknown>>
  readonly scope: string | null
}

/** app.json, as far as the phone reads it. */
export interface AppConfig {
  readonly window?: WindowConfig
  readonly tabBar?: TabBarConfig
  readonly entryPagePath?: string
  readonly darkmode?: boolean
  readonly networkTimeout?: { readonly request?: number }
}

/** The `window` of app.json; a page's own json overrides it. */
export interface WindowConfig {
  readonly navigationBarTitleText?: string
  readonly navigationBarBackgroundColor?: string
  readonly navigationBarTextStyle?: 'black' | 'white'
  readonly navigationStyle?: 'default' | 'custom'
  readonly backgroundColor?: string
  readonly backgroundTextStyle?: 'dark' | 'light'
  readonly backgroundColorContent?: string
  readonly enablePullDownRefresh?: boolean
  readonly onReachBottomDistance?: number
  readonly disableScroll?: boolean
}

/** The `tabBar` of app.json. */
export interface TabBarConfig {
  readonly color: string
  readonly selectedColor: string
  readonly backgroundColor: string
  readonly borderStyle?: 'black' | 'white'
  readonly list: readonly TabConfig[]
}

export interface TabConfig {
  readonly pagePath: string
  readonly text: string
  readonly iconPath?: string
  readonly selectedIconPath?: string
}
