import { make } from './element.ts'

const height = 50

interface PullDownOptions {
  /** What the finger pulls. */
  readonly scroller: HTMLElement
  /** Makes room above the content: so many pixels, gliding there or at once. */
  readonly move: (distance: number, smooth: boolean) => void
  readonly refresh: () => void
}

/** The three dots above what one pulls down to refresh. */
export class PullDown {
  readonly element = make('div.mp-pull-down', { 'aria-hidden': 'true' }, make('i'), make('i'), make('i'))
  /** Whether a finger may pull. */
  enabled = false
  readonly #options: PullDownOptions
  #active = false

  constructor(options: PullDownOptions) {
    this.#options = options
    this.#listen()
  }

  setTextStyle(style: 'dark' | 'light'): void {
    this.element.dataset['style'] = style
  }

  start(): void {
    if (this.#active) return
    this.#active = true
    this.element.classList.add('mp-active')
    this.#options.move(height, true)
    this.#options.refresh()
  }

  stop(): void {
    this.#active = false
    this.element.classList.remove('mp-active')
    this.#options.move(0, true)
  }

  #listen(): void {
    const { scroller } = this.#options
    let from: number | undefined
    let distance = 0
    const begin = (y: number) => {
      from = this.enabled && scroller.scrollTop <= 0 && !this.#active ? y : undefined
      distance = 0
    }
    const move = (y: number) => {
      if (from === undefined) return
      distance = Math.min(Math.max(0, (y - from) / 2), 120)
      if (distance > 0) this.#options.move(distance, false)
    }
    const end = () => {
      if (from === undefined) return
      from = undefined
      if (distance >= height) this.start()
      else if (distance > 0) this.stop()
    }
    const passive = true
    scroller.addEventListener('touchstart', (event) => begin(event.touches[0]?.clientY ?? 0), { passive })
    scroller.addEventListener('touchmove', (event) => move(event.touches[0]?.clientY ?? 0), { passive })
    scroller.addEventListener('touchend', end, { passive })
    scroller.addEventListener('mousedown', (event) => begin(event.clientY))
    scroller.addEventListener('mousemove', (event) => (event.buttons === 1 ? move(event.clientY) : end()))
    scroller.addEventListener('mouseup', end)
  }
}
