import { PullDown } from '../pull-down.ts'
import { builtIn, reflect } from './built-in.ts'

const defaults = {
  type: 'list',
  scrollX: false,
  scrollY: false,
  upperThreshold: 50,
  lowerThreshold: 50,
  scrollTop: null,
  scrollLeft: null,
  scrollIntoView: '',
  scrollIntoViewOffset: 0,
  scrollIntoViewAlignment: 'start',
  scrollWithAnimation: false,
  enableBackToTop: false,
  enablePassive: false,
  enableFlex: false,
  scrollAnchoring: false,
  refresherEnabled: false,
  refresherThreshold: 45,
  refresherDefaultStyle: 'black',
  refresherBackground: '',
  refresherTriggered: false,
  enhanced: false,
  bounces: true,
  showScrollbar: true,
  pagingEnabled: false,
  fastDeceleration: false,
  usingSticky: false,
} as const

export const scrollView = builtIn('scroll-view', defaults, true, (host) => {
  const { element } = host
  const behavior = (): ScrollBehavior => (host.properties.scrollWithAnimation ? 'smooth' : 'auto')
  const pullDown = new PullDown({
    scroller: element,
    move: (distance, smooth) => {
      element.style.transition = smooth ? 'padding .25s' : 'none'
      element.style.setProperty('--pulled', distance === 0 ? '' : `${distance}px`)
      element.toggleAttribute('pulled', distance > 0)
    },
    refresh: () => {
      host.set({ refresherTriggered: true })
      host.emit('refresherrefresh', {})
    },
  })
  const intoView = () => {
    const id = host.properties.scrollIntoView
    const target = id === '' ? null : element.querySelector(`#${CSS.escape(id)}`)
    if (!target) return
    const [from, to] = [element.getBoundingClientRect(), target.getBoundingClientRect()]
    const { scrollX, scrollY } = host.properties
    const offset = host.properties.scrollIntoViewOffset
    element.scrollTo({
      ...(scrollY && { top: element.scrollTop + to.top - from.top + offset }),
      ...(scrollX && { left: element.scrollLeft + to.left - from.left + offset }),
      behavior: behavior(),
    })
  }
  const update = (name?: string) => {
    const { scrollX, scrollY, enableFlex, showScrollbar, scrollTop, scrollLeft, refresherEnabled, refresherTriggered } =
      host.properties
    reflect(element, 'scroll-x', scrollX)
    reflect(element, 'scroll-y', scrollY)
    reflect(element, 'enable-flex', enableFlex)
    reflect(element, 'no-scrollbar', !showScrollbar)
    if (name === 'scrollTop' || (name === undefined && scrollTop !== undefined)) {
      element.scrollTo({ top: Number(scrollTop ?? 0), behavior: behavior() })
    }
    if (name === 'scrollLeft' || (name === undefined && scrollLeft !== undefined)) {
      element.scrollTo({ left: Number(scrollLeft ?? 0), behavior: behavior() })
    }
    // The row that is named may come with the same change of data.
    if (name === 'scrollIntoView' || name === undefined) requestAnimationFrame(intoView)
    pullDown.enabled = refresherEnabled
    if (refresherEnabled && !pullDown.element.isConnected) element.prepend(pullDown.element)
    if (name === 'refresherTriggered' && refresherTriggered) pullDown.start()
    if (name === 'refresherTriggered' && !refresherTriggered) {
      pullDown.stop()
      host.emit('refresherrestore', {})
    }
  }
  let [lastTop, lastLeft, atStart, atEnd] = [0, 0, true, false]
  element.addEventListener('scroll', () => {
    const { scrollTop, scrollLeft, scrollHeight, scrollWidth, clientHeight, clientWidth } = element
    const detail = {
      scrollTop,
      scrollLeft,
      scrollHeight,
      scrollWidth,
      deltaX: lastLeft - scrollLeft,
      deltaY: lastTop - scrollTop,
    }
    ;[lastTop, lastLeft] = [scrollTop, scrollLeft]
    host.emit('scroll', detail)
    const { scrollY, lowerThreshold, upperThreshold } = host.properties
    const position = scrollY ? scrollTop : scrollLeft
    const rest = scrollY ? scrollHeight - clientHeight - scrollTop : scrollWidth - clientWidth - scrollLeft
    const start = position <= upperThreshold
    const end = rest <= lowerThreshold
    if (start && !atStart) host.emit('scrolltoupper', { direction: scrollY ? 'top' : 'left' })
    if (end && !atEnd) host.emit('scrolltolower', { direction: scrollY ? 'bottom' : 'right' })
    ;[atStart, atEnd] = [start, end]
  })
  update()
  return { update }
})
