import { assetUrl } from './assets.ts'
import { make } from './element.ts'
import type { TabBarConfig, TabConfig } from './mini-program.ts'
import { themed } from './theme.ts'

interface Tab {
  config: TabConfig
  readonly button: HTMLElement
  readonly image: HTMLElement
  readonly text: HTMLElement
  readonly badge: HTMLElement
}

/** The bar at the bottom of tab pages. */
export class TabBar {
  readonly element = make('nav.mp-tabs', { role: 'tablist' })
  #config: TabBarConfig
  #style: Partial<TabBarConfig> = {}
  #selected = ''
  readonly #tabs: Tab[]

  constructor(config: TabBarConfig, select: (tab: TabConfig, index: number) => void) {
    this.#config = config
    this.#tabs = config.list.map((tab, index) => {
      const image = make('img', { alt: '' })
      const text = make('span.mp-tab-text')
      const badge = make('span.mp-badge', { hidden: true })
      const choose = () => select(this.#tabs[index]?.config ?? tab, index)
      const button = make('button', { role: 'tab', onclick: choose }, make('span.mp-tab-icon', {}, image, badge), text)
      this.element.append(button)
      return { config: tab, button, image, text, badge }
    })
  }

  has(path: string): boolean {
    return this.#tabs.some((tab) => tab.config.pagePath === path)
  }

  /** Shows which tab is open. */
  select(path: string): void {
    this.#selected = path
    const { color, selectedColor, backgroundColor, borderStyle } = { ...themed(this.#config), ...this.#style }
    this.element.style.background = backgroundColor
    this.element.dataset['border'] = borderStyle ?? 'black'
    for (const { config, button, image, text } of this.#tabs) {
      const { pagePath, text: label, iconPath, selectedIconPath } = themed(config)
      const on = pagePath === path
      button.setAttribute('aria-selected', String(on))
      button.style.color = on ? selectedColor : color
      text.textContent = label
      const picture = on ? (selectedIconPath ?? iconPath) : iconPath
      image.hidden = picture === undefined
      if (picture !== undefined) image.setAttribute('src', assetUrl(`/${picture.replace(/^\//, '')}`))
    }
  }

  /** Repaints after a change of style, of one tab, or of the theme. */
  change(style: Partial<TabBarConfig>, index?: number, tab?: Partial<TabConfig>): void {
    this.#style = { ...this.#style, ...style }
    const one = index === undefined ? undefined : this.#tabs[index]
    if (one) one.config = { ...one.config, ...tab }
    this.select(this.#selected)
  }

  /** A number or word on a tab; '' is the red dot; undefined takes either away. Returns false without such a tab. */
  setBadge(index: number, badge: string | undefined): boolean {
    const tab = this.#tabs[index]
    if (!tab) return false
    tab.badge.hidden = badge === undefined
    tab.badge.textContent = badge !== undefined && badge.length > 4 ? '…' : (badge ?? '')
    tab.badge.classList.toggle('mp-dot', badge === '')
    return true
  }
}
