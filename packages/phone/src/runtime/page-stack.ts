import { report, tellParent } from './bridge.ts'
import type { Root } from './easel.ts'
import { createEventChannel } from './event-channel.ts'
import type { MiniProgram, TabConfig } from './mini-program.ts'
import type { NavigationBarActions } from './navigation-bar.ts'
import { PageView } from './page-view.ts'
import { animate, pageLayer, setStatusBarStyle } from './screen.ts'
import { TabBar } from './tab-bar.ts'

const stackLimit = 10
const transitionMs = 320

/** Why a navigation was refused; the words after `…:fail`. */
export class NavigationRefused extends Error {}

interface Setup {
  readonly program: MiniProgram
  readonly createRoot: (id: string) => Root
  readonly menu: () => void
  readonly close: () => void
}

/** The pages that are open, the last one in front. At most ten; a tab page stays alive when another tab is shown. */
class PageStack {
  readonly #pages: PageView[] = []
  readonly #tabs = new Map<string, PageView>()
  #setup: Setup | undefined
  tabBar: TabBar | undefined

  start(setup: Setup): void {
    this.#setup = setup
    const { tabBar } = setup.program.app
    if (!tabBar) return
    this.tabBar = new TabBar(tabBar, (tab, index) => this.#tabTapped(tab, index))
    pageLayer.append(this.tabBar.element)
  }

  /** Puts the mini program into the background, as the capsule's circle does. */
  leave(): void {
    this.#setup?.close()
  }

  get pages(): readonly PageView[] {
    return this.#pages
  }

  /** The page in front. Throws before the first page is open. */
  get top(): PageView {
    const top = this.#pages.at(-1)
    if (!top) throw new Error('no page is open yet')
    return top
  }

  get first(): string {
    const { app, pageOrder } = this.#program
    return app.entryPagePath?.replace(/^\//, '') ?? pageOrder[0] ?? ''
  }

  navigateTo(url: string, channel: ReturnType<typeof createEventChannel> = createEventChannel()): PageView {
    const target = this.#parse(url)
    if (this.#isTab(target.path)) throw new NavigationRefused('can not navigateTo a tabbar page')
    if (this.#pages.length >= stackLimit) throw new NavigationRefused(`webview count limit exceed`)
    const below = this.top
    below.hide()
    const page = this.#open(target, channel)
    void this.#slideIn(page, below)
    return page
  }

  redirectTo(url: string): void {
    const target = this.#parse(url)
    if (this.#isTab(target.path)) throw new NavigationRefused('can not redirectTo a tabbar page')
    this.#closeTop()
    this.#open(target)
  }

  navigateBack(delta = 1): void {
    const count = Math.min(Math.max(1, Math.trunc(delta)), this.#pages.length - 1)
    if (count <= 0) throw new NavigationRefused('cannot navigate back at first page.')
    const leaving = this.#pages.splice(-count)
    for (const page of leaving.slice(0, -1).reverse()) page.close()
    const last = leaving.at(-1)
    const below = this.top
    below.element.classList.remove('mp-hidden')
    if (last) void this.#slideOut(last, below)
    below.show()
    this.#settled()
  }

  switchTab(url: string): void {
    const { path } = this.#parse(url)
    if (!this.#isTab(path)) throw new NavigationRefused('can not switch to no-tabBar page')
    while (this.#pages.at(-1)?.isTab === false) this.#pages.pop()?.close()
    const left = this.#pages.pop()
    if (left?.path === path) {
      this.#pages.push(left)
      left.show()
      this.#settled()
      return
    }
    left?.hide()
    left?.element.classList.add('mp-hidden')
    const kept = this.#tabs.get(path)
    if (!kept) {
      this.#open({ path, query: {} })
      return
    }
    this.#pages.push(kept)
    kept.show()
    this.#settled()
  }

  reLaunch(url: string): void {
    const target = this.#parse(url)
    for (const page of new Set([...this.#pages.reverse(), ...this.#tabs.values()])) page.close()
    this.#pages.length = 0
    this.#tabs.clear()
    this.#open(target)
  }

  /** After a change of title, colours or theme. */
  repaint(): void {
    for (const page of new Set([...this.#pages, ...this.#tabs.values()])) page.paint()
    this.#settled()
  }

  /** Tells who is around which page is in front, and paints the bars for it. */
  #settled(): void {
    const { path, bar, isTab } = this.top
    setStatusBarStyle(bar.textStyle)
    if (this.tabBar) {
      this.tabBar.select(path)
      this.tabBar.element.inert = !isTab
    }
    document.title = bar.title
    tellParent({ route: path, title: bar.title, ready: true })
  }

  /** The bars again, when only the page in front changed. */
  retitle(): void {
    this.#settled()
  }

  get #program(): MiniProgram {
    if (!this.#setup) throw new Error('the mini program is not started')
    return this.#setup.program
  }

  #isTab(path: string): boolean {
    return this.tabBar?.has(path) ?? false
  }

  #parse(url: string): { path: string; query: Record<string, string> } {
    const [address = '', search = ''] = url.split('?', 2)
    const base = this.#pages.at(-1)?.path ?? this.first
    const path = new URL(address, `http://x/${base}`).pathname.slice(1).replace(/\.html$/, '')
    if (!(path in this.#program.pages)) throw new NavigationRefused(`page "${path}" is not found`)
    const pairs = search === '' ? [] : search.split('&').map((pair) => pair.split(/=(.*)/s))
    return { path, query: Object.fromEntries(pairs.map(([name, value]) => [name ?? '', value ?? ''])) }
  }

  #open(target: { path: string; query: Record<string, string> }, channel: unknown = createEventChannel()): PageView {
    if (!this.#setup) throw new Error('the mini program is not started')
    const { program, createRoot, menu, close } = this.#setup
    const { path, query } = target
    const isTab = this.#isTab(path)
    const atHome = path === this.first || isTab
    const actions: NavigationBarActions = {
      menu,
      close,
      ...(this.#pages.length > 0 ? { back: () => this.navigateBack() } : {}),
      ...(this.#pages.length === 0 && !atHome ? { home: () => this.reLaunch(`/${this.first}`) } : {}),
    }
    const config = { ...program.app.window, ...program.pages[path] }
    const page = new PageView({ path, query, isTab, config, actions, createRoot, openerEvents: channel })
    this.#pages.push(page)
    if (isTab) this.#tabs.set(path, page)
    report('page', `打开页面 ${path}`, { path, query, title: config.navigationBarTitleText })
    page.open()
    this.#settled()
    return page
  }

  #closeTop(): void {
    const top = this.#pages.pop()
    if (top) this.#tabs.delete(top.path)
    top?.close()
  }

  async #slideIn(page: PageView, below: PageView): Promise<void> {
    await Promise.all([
      animate(page.element, [{ transform: 'translateX(100%)' }, { transform: 'none' }], transitionMs),
      animate(below.element, [{ transform: 'none' }, { transform: 'translateX(-28%)' }], transitionMs),
    ])
    if (this.#pages.at(-1) !== below) below.element.classList.add('mp-hidden')
  }

  async #slideOut(page: PageView, below: PageView): Promise<void> {
    page.unload()
    page.element.inert = true
    await Promise.all([
      animate(page.element, [{ transform: 'none' }, { transform: 'translateX(100%)' }], transitionMs - 40),
      animate(below.element, [{ transform: 'translateX(-28%)' }, { transform: 'none' }], transitionMs - 40),
    ])
    page.close()
  }

  #tabTapped(tab: TabConfig, index: number): void {
    this.switchTab(`/${tab.pagePath}`)
    this.top.call('onTabItemTap', { index, pagePath: tab.pagePath, text: tab.text })
  }
}

export const pageStack = new PageStack()
