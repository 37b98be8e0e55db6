import { make } from '../element.ts'
import { builtIn } from './built-in.ts'

const defaults = {
  indicatorDots: false,
  indicatorColor: 'rgba(0, 0, 0, .3)',
  indicatorActiveColor: '#000000',
  autoplay: false,
  current: 0,
  currentItemId: '',
  interval: 5000,
  duration: 500,
  circular: false,
  vertical: false,
  previousMargin: '0px',
  nextMargin: '0px',
  displayMultipleItems: 1,
  snapToEdge: false,
  easingFunction: 'default',
  skipHiddenItemLayout: false,
  adjustHeight: '',
} as const

export const swiperItem = builtIn('swiper-item', { itemId: '', skipHiddenItemLayout: false }, true, (host) => {
  host.element.dataset['itemId'] = host.properties.itemId
  return {}
})

export const swiper = builtIn('swiper', defaults, true, (host) => {
  const { element } = host
  const dots = make('div.mp-dots', { 'aria-hidden': 'true' })
  const items = () => [...element.querySelectorAll<HTMLElement>(':scope > wx-swiper-item')]
  let current = host.properties.current
  let drag = 0

  const place = (animated: boolean) => {
    const all = items()
    const { circular, vertical, duration, displayMultipleItems } = host.properties
    const shown = Math.max(1, displayMultipleItems)
    for (const [index, item] of all.entries()) {
      let offset = index - current + drag
      if (circular && all.length > 1) offset = wrap(offset, all.length)
      const far = Math.abs(offset) > Math.max(2, shown)
      item.style.transition = animated && !far ? `transform ${duration}ms cubic-bezier(.25,.8,.3,1)` : 'none'
      item.style.transform = vertical ? `translateY(${offset * 100}%)` : `translateX(${offset * 100}%)`
      item.style[vertical ? 'height' : 'width'] = `${100 / shown}%`
    }
    paintDots(all.length)
  }
  const paintDots = (count: number) => {
    const { indicatorDots, indicatorColor, indicatorActiveColor } = host.properties
    dots.hidden = !indicatorDots || count < 2
    dots.replaceChildren(
      ...Array.from({ length: count }, (_, index) => {
        const dot = make('i')
        dot.style.background = index === current ? indicatorActiveColor : indicatorColor
        return dot
      }),
    )
  }
  const go = (to: number, source: '' | 'touch' | 'autoplay') => {
    const count = items().length
    if (count === 0) return
    const last = Math.max(0, count - host.properties.displayMultipleItems)
    const target = host.properties.circular ? (to + count) % count : Math.min(Math.max(0, to), last)
    const changed = target !== current
    current = target
    drag = 0
    place(true)
    if (!changed) return
    const detail = { current, source, currentItemId: items()[current]?.dataset['itemId'] ?? '' }
    host.set({ current })
    host.emit('change', detail)
    setTimeout(() => host.emit('animationfinish', detail), host.properties.duration)
  }
  let timer: ReturnType<typeof setInterval> | undefined
  const play = () => {
    clearInterval(timer)
    const { autoplay, interval, circular } = host.properties
    const next = () => go(!circular && current === items().length - 1 ? 0 : current + 1, 'autoplay')
    if (autoplay) timer = setInterval(next, interval)
  }
  const update = (name?: string) => {
    element.toggleAttribute('vertical', host.properties.vertical)
    element.style.setProperty('--before', host.properties.previousMargin)
    element.style.setProperty('--after', host.properties.nextMargin)
    if (name === 'current' && host.properties.current !== current) go(host.properties.current, '')
    if (name === undefined || name === 'autoplay' || name === 'interval') play()
    place(false)
  }
  watchDrag(element, {
    vertical: () => host.properties.vertical,
    move: (share) => {
      clearInterval(timer)
      drag = share
      place(false)
    },
    end: (share) => {
      go(Math.abs(share) > 0.2 ? current - Math.sign(share) : current, 'touch')
      play()
    },
  })
  const children = new MutationObserver(() => place(false))
  children.observe(element, { childList: true })
  element.append(dots)
  update()
  return {
    update,
    detach: () => {
      clearInterval(timer)
      children.disconnect()
    },
  }
})

/** The offset on a ring: the nearest way round. */
const wrap = (offset: number, count: number): number => {
  const turned = ((offset % count) + count) % count
  return turned > count / 2 ? turned - count : turned
}

interface Drag {
  readonly vertical: () => boolean
  /** How far the finger is, as a share of the element's size. */
  readonly move: (share: number) => void
  readonly end: (share: number) => void
}

function watchDrag(element: HTMLElement, { vertical, move, end }: Drag): void {
  let from: { x: number; y: number } | undefined
  let share = 0
  element.addEventListener('pointerdown', (event) => {
    from = { x: event.clientX, y: event.clientY }
    share = 0
  })
  element.addEventListener('pointermove', (event) => {
    if (!from) return
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y]
    const [along, size] = vertical() ? [dy, element.clientHeight] : [dx, element.clientWidth]
    if (share === 0 && Math.abs(along) < 6) return
    share = along / size
    move(share)
  })
  for (const type of ['pointerup', 'pointercancel', 'pointerleave']) {
    element.addEventListener(type, () => {
      if (from && share !== 0) end(share)
      from = undefined
    })
  }
}
