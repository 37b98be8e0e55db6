import { report } from './bridge.ts'
import { pageStack } from './page-stack.ts'
import { onAppHide, onAppShow, type Scene } from './wx/phone-events.ts'
import { setNetworkInBackground } from './wx/request.ts'

/** After this time in the background running requests end (client-api.md 2). */
const suspendAfterMs = 5000

type AppInstance = Record<string, unknown>

/** The mini program's life as a whole: launched, in front, in the background. */
export class Life {
  #app: AppInstance | undefined
  #scene: Scene | undefined
  #visible = false
  #timer: ReturnType<typeof setTimeout> | undefined

  /** What getApp returns; undefined before App() was called. */
  get app(): AppInstance | undefined {
    return this.#app
  }

  register(app: AppInstance): void {
    this.#app = app
  }

  launch(scene: Scene): void {
    this.#scene = scene
    report('launch', '小程序启动', scene)
    this.call('onLaunch', scene)
    this.#shown()
  }

  /** Back in front: App.onShow, then the page's. */
  show(): void {
    if (this.#visible) return
    clearTimeout(this.#timer)
    setNetworkInBackground(false)
    report('foreground', '小程序回到前台')
    this.#shown()
    pageStack.top.show()
  }

  /** To the background: the page's onHide, then App.onHide. */
  hide(): void {
    if (!this.#visible) return
    this.#visible = false
    report('background', '小程序切到后台')
    pageStack.top.hide()
    this.call('onHide')
    onAppHide.emit()
    this.#timer = setTimeout(() => setNetworkInBackground(true), suspendAfterMs)
  }

  /** Calls one of App's functions; what it throws is an uncaught error, and the phone goes on. */
  call(name: string, argument?: unknown): void {
    const handler = this.#app?.[name]
    if (typeof handler !== 'function') return
    try {
      handler.call(this.#app, argument)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }

  #shown(): void {
    this.#visible = true
    this.call('onShow', this.#scene)
    onAppShow.emit(this.#scene)
  }
}
