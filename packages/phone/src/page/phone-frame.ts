import type { Problem } from '../build/build-error.ts'
import { createElement, elementById } from './create-element.ts'

/** The phone's outside in CSS pixels, as page.css draws it. */
const frameWidth = 414
const frameHeight = 868
const marginPx = 48
const scaleMax = 1.2

/** What the frame's own page is told to be. */
export interface ScreenSettings {
  readonly user?: string
  readonly online?: boolean
  readonly slowMs?: number
  readonly dark?: boolean
  readonly fontScale?: number
}

/** What a person does to the mini program from outside. */
export type ScreenAction = 'relaunch' | 'background' | 'foreground' | 'kill'

/** What the screen says of itself. */
export interface ScreenState {
  readonly route?: string
  readonly title?: string
  readonly ready?: boolean
}

/** The phone on the page: its screen is a document of its own, spoken to by messages. */
export class PhoneFrame {
  readonly #screen = elementById('screen', HTMLIFrameElement)
  readonly #problems = elementById('problems', HTMLElement)
  readonly #onState: (state: ScreenState) => void
  #settings: ScreenSettings = {}

  constructor(onState: (state: ScreenState) => void) {
    this.#onState = onState
    addEventListener('message', (event) => this.#hear(event))
    addEventListener('resize', () => this.#fit())
    this.#screen.addEventListener('load', () => this.#send({ set: this.#settings }))
    this.#fit()
  }

  /** Loads the screen, or loads it again. */
  load(): void {
    if (this.#screen.hasAttribute('src')) this.#screen.contentWindow?.location.reload()
    else this.#screen.src = `/app/?user=${encodeURIComponent(this.#settings.user ?? '')}`
  }

  set(settings: ScreenSettings): void {
    this.#settings = { ...this.#settings, ...settings }
    this.#send({ set: settings })
  }

  do(action: ScreenAction): void {
    this.#send({ do: action })
  }

  /** Lays what is wrong with the source over the screen; nothing, when nothing is. */
  showProblems(problems: readonly Problem[]): void {
    this.#problems.hidden = problems.length === 0
    this.#problems.replaceChildren(
      createElement('h2', {}, '小程序编译不过'),
      createElement('p', {}, '改好源码并保存，手机会自己重新打开。'),
      createElement(
        'ol',
        {},
        ...problems.map(({ at, message }) =>
          createElement('li', {}, createElement('code', {}, at), createElement('span', {}, message)),
        ),
      ),
    )
  }

  #send(message: object): void {
    this.#screen.contentWindow?.postMessage({ type: 'fenpay-phone', ...message }, location.origin)
  }

  #hear({ data, source, origin }: MessageEvent): void {
    if (source !== this.#screen.contentWindow || origin !== location.origin) return
    const { type, state } = Object(data) as { type?: unknown; state?: ScreenState }
    if (type !== 'fenpay-phone' || state === undefined) return
    if (state.ready === true) this.#send({ set: this.#settings })
    this.#onState(state)
  }

  #fit(): void {
    const scale = Math.min(scaleMax, (innerHeight - marginPx) / frameHeight)
    const { style } = document.documentElement
    style.setProperty('--phone-scale', String(scale))
    style.setProperty('--phone-width', `${Math.round(frameWidth * scale)}px`)
    style.setProperty('--phone-height', `${Math.round(frameHeight * scale)}px`)
  }
}
