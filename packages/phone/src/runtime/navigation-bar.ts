import { icon, make } from './element.ts'
import type { WindowConfig } from './mini-program.ts'

/** What a navigation bar's buttons do. */
export interface NavigationBarActions {
  readonly back?: () => void
  readonly home?: () => void
  readonly menu: () => void
  readonly close: () => void
}

/** The bar at the top of a page, or only WeChat's capsule where the page draws its own. */
export class NavigationBar {
  readonly element: HTMLElement
  readonly #title = make('h1.mp-title')
  readonly #spinner = make('span.mp-spinner', { hidden: true })
  #config: WindowConfig

  constructor(config: WindowConfig, actions: NavigationBarActions) {
    this.#config = config
    const left = make('div.mp-nav-left')
    if (actions.back) {
      left.append(make('button.mp-back', { 'aria-label': '返回', onclick: actions.back }, icon('0 0 12 24', backIcon)))
    } else if (actions.home) {
      left.append(
        make('button.mp-go-home', { 'aria-label': '回到首页', onclick: actions.home }, icon('0 0 24 24', homeIcon)),
      )
    }
    const capsule = make(
      'div.mp-capsule',
      {},
      make('button', { 'aria-label': '更多', onclick: actions.menu }, icon('0 0 24 24', menuIcon)),
      make('i'),
      make('button', { 'aria-label': '关闭小程序', onclick: actions.close }, icon('0 0 24 24', closeIcon)),
    )
    this.element = make('header.mp-nav', {}, left, this.#spinner, this.#title, capsule)
    this.paint(config)
  }

  get title(): string {
    return this.#title.textContent ?? ''
  }

  get textStyle(): 'black' | 'white' {
    return this.#config.navigationBarTextStyle ?? 'white'
  }

  paint(change: WindowConfig): void {
    this.#config = { ...this.#config, ...change }
    const { navigationStyle, navigationBarBackgroundColor, navigationBarTitleText } = this.#config
    const custom = navigationStyle === 'custom'
    this.element.classList.toggle('mp-nav-custom', custom)
    this.element.dataset['style'] = this.textStyle
    this.element.style.background = custom ? 'none' : (navigationBarBackgroundColor ?? '#000000')
    if (!custom) this.#title.textContent = navigationBarTitleText ?? ''
  }

  set loading(on: boolean) {
    this.#spinner.hidden = !on
  }

  hideHome(): void {
    this.element.querySelector('.mp-go-home')?.remove()
  }
}

const backIcon =
  '<path d="M10 3.5 2.5 12l7.5 8.5" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"/>'
const homeIcon =
  '<path d="M4 11.5 12 4l8 7.500V20h-5.500v-5h-5v5H4z" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round"/>'
const menuIcon =
  '<g fill="currentColor"><circle cx="12" cy="12" r="3.2"/><circle cx="4" cy="12" r="2"/><circle cx="20" cy="12" r="2"/></g>'
const closeIcon =
  '<circle cx="12" cy="12" r="8.5" fill="none" stroke="currentColor" stroke-width="2.4"/><circle cx="12" cy="12" r="3.6" fill="currentColor"/>'
