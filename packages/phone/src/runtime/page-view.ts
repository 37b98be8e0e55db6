import { codeSpace, type Instance, type Root } from './easel.ts'
import { make } from './element.ts'
import type { WindowConfig } from './mini-program.ts'
import { NavigationBar, type NavigationBarActions } from './navigation-bar.ts'
import { PullDown } from './pull-down.ts'
import { pageLayer } from './screen.ts'
import { themed } from './theme.ts'

type Handler = (this: Instance, argument?: unknown) => unknown

/** How a page is opened. */
export interface PageOptions {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly isTab: boolean
  readonly config: WindowConfig
  readonly actions: NavigationBarActions
  readonly createRoot: (id: string) => Root
  readonly openerEvents: unknown
}

/** One page: its bars, its scroller and its tree. */
export class PageView {
  readonly path: string
  readonly query: Readonly<Record<string, string>>
  readonly isTab: boolean
  readonly element: HTMLElement
  readonly scroller: HTMLElement
  /** The `page` of style sheets. */
  readonly body: HTMLElement
  readonly bar: NavigationBar
  readonly pullDown: PullDown
  readonly instance: Instance
  readonly config: WindowConfig
  readonly #root: Root
  #visible = false
  #unloaded = false
  #reachedBottom = false

  constructor(options: PageOptions) {
    const { path, query, isTab, config, actions } = options
    this.path = path
    this.query = query
    this.isTab = isTab
    this.config = config
    this.bar = new NavigationBar(themed(config), actions)
    this.body = make('wx-page')
    this.scroller = make('div.mp-scroller', {}, this.body)
    this.pullDown = new PullDown({
      scroller: this.scroller,
      move: (distance, smooth) => {
        this.body.style.transition = smooth ? 'transform .25s' : 'none'
        this.body.style.transform = distance === 0 ? '' : `translateY(${distance}px)`
      },
      refresh: () => void this.call('onPullDownRefresh'),
    })
    this.pullDown.enabled = config.enablePullDownRefresh === true
    const frame = make('main.mp-frame', {}, this.pullDown.element, this.scroller)
    this.element = make('section.mp-page', { 'mp-page': path }, this.bar.element, frame)
    this.element.classList.toggle('mp-tab-page', isTab)
    this.element.classList.toggle('mp-custom-page', config.navigationStyle === 'custom')
    this.scroller.style.overflowY = config.disableScroll === true ? 'hidden' : 'auto'
    this.paint()
    this.#root = options.createRoot(path)
    this.instance = this.#root.get()
    for (const [name, value] of Object.entries({ route: path, __route__: path, options: query })) {
      Object.defineProperty(this.instance, name, { value, configurable: true })
    }
    Object.assign(this.instance, { getOpenerEventChannel: () => options.openerEvents })
  }

  get title(): string {
    return this.bar.title
  }

  /** Puts the page on the screen for the first time: attached, onLoad, onShow, onReady. */
  open(): void {
    pageLayer.append(this.element)
    const placeholder = make('span')
    this.body.append(placeholder)
    this.#root.attach(this.body, placeholder)
    this.scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true })
    this.#root.getComponent().triggerPageLifetime('show', [])
    this.call('onLoad', this.query)
    this.#visible = true
    this.call('onShow')
    requestAnimationFrame(() => {
      if (this.element.isConnected) this.call('onReady')
    })
  }

  show(): void {
    if (this.#visible) return
    this.#visible = true
    this.element.classList.remove('mp-hidden')
    this.#root.getComponent().triggerPageLifetime('show', [])
    this.call('onShow')
  }

  /** onHide; the page stays as it is until something is in front of it. */
  hide(): void {
    if (!this.#visible) return
    this.#visible = false
    this.#root.getComponent().triggerPageLifetime('hide', [])
    this.call('onHide')
  }

  /** onUnload; the page may still be seen on its way out. */
  unload(): void {
    if (this.#unloaded) return
    this.#unloaded = true
    this.#visible = false
    this.call('onUnload')
  }

  close(): void {
    this.unload()
    this.#root.release()
    this.element.remove()
  }

  /** Whether the page has a function of this name, its own or a component method. */
  handles(name: string): boolean {
    return typeof (this.instance as unknown as Record<string, unknown>)[name] === 'function'
  }

  /** Calls one of the page's functions. What it throws is reported as an uncaught error, and the phone goes on. */
  call(name: string, argument?: unknown): unknown {
    const handler = (this.instance as unknown as Record<string, unknown>)[name]
    if (typeof handler !== 'function') return undefined
    try {
      return (handler as Handler).call(this.instance, argument)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
      return undefined
    }
  }

  resized(size: { windowWidth: number; windowHeight: number }): void {
    this.#root.getComponent().triggerPageLifetime('resize', [{ size }])
    this.call('onResize', { size })
  }

  /** Colours by theme.json again. */
  paint(): void {
    const config = themed(this.config)
    this.bar.paint({ ...config, navigationBarTitleText: this.bar.title || config.navigationBarTitleText || '' })
    this.element.style.setProperty('--window-background', config.backgroundColor ?? '')
    this.body.style.setProperty('--content-background', config.backgroundColorContent ?? '')
    this.pullDown.setTextStyle(config.backgroundTextStyle ?? 'dark')
  }

  #scrolled(): void {
    const { scrollTop, clientHeight, scrollHeight } = this.scroller
    this.call('onPageScroll', { scrollTop })
    const near = scrollTop + clientHeight >= scrollHeight - (this.config.onReachBottomDistance ?? 50)
    if (near && !this.#reachedBottom) this.call('onReachBottom')
    this.#reachedBottom = near
  }
}

/** Makes the trees of pages with this backend. */
export const rootMaker =
  (backend: { createRoot(tag: string, space: typeof codeSpace, id: string): Root }) =>
  (id: string): Root =>
    backend.createRoot('wx-page-root', codeSpace, id)
