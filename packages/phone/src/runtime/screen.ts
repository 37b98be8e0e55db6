import { icon, make } from './element.ts'
import { settings } from './settings.ts'

/** Heights of the phone's own parts, in CSS pixels, as an iPhone with a home indicator has them. */
export const statusBarHeight = 47
export const navigationBarHeight = 44
export const tabBarHeight = 49
export const homeIndicatorHeight = 34

const phone = document.getElementById('phone') ?? document.body

const batteryIcon =
  '<rect x=".5" y=".5" width="21" height="11" rx="3" fill="none" stroke="currentColor" opacity=".4"/><rect x="2" y="2" width="18" height="9" rx="1.8" fill="currentColor"/><path d="M23 4v4c.8-.3 1.3-1.1 1.3-2S23.8 4.3 23 4z" fill="currentColor" opacity=".5"/>'
const signalIcon =
  '<rect x="0" y="8" width="3" height="4" rx=".8"/><rect x="5" y="5.5" width="3" height="6.5" rx=".8"/><rect x="10" y="3" width="3" height="9" rx=".8"/><rect x="15" y="0" width="3" height="12" rx=".8"/>'
const wifiIcon =
  '<path d="M8.5 2.300c2.4 0 4.6.9 6.3 2.500l1.2-1.200A10.7 10.7 0 0 0 8.5.6C5.7.6 3 1.7 1 3.600l1.2 1.200a9 9 0 0 1 6.3-2.500zm0 3.800c1.4 0 2.6.5 3.6 1.400l1.2-1.200a7 7 0 0 0-9.6 0l1.2 1.200c1-.9 2.2-1.4 3.6-1.400zm2.1 2.900a3.1 3.1 0 0 0-4.2 0L8.5 11l2.1-2z"/>'
const airplaneIcon =
  '<path d="M15.8 6.300c0-.7-.6-1.2-1.3-1.200H11L7.3 0H5.800l1.6 5.100H3.700L2.5 3.600H1.300l.8 2.7-.8 2.700h1.200l1.2-1.500h3.700l-1.6 5.100h1.500L11 7.500h3.500c.7 0 1.3-.5 1.3-1.200z"/>'

const clock = make('span.mp-clock')
const network = make('span.mp-network')
const statusBar = make(
  'div.mp-status',
  { 'aria-hidden': 'true' },
  clock,
  make('span.mp-status-icons', {}, network, icon('0 0 25 12', batteryIcon, 'mp-battery')),
)

/** Where pages are, below everything else. */
export const pageLayer = make('div.mp-pages')
/** Where sheets, dialogs and toasts are. */
export const overlayLayer = make('div.mp-overlays')

/** Draws the empty phone. */
export function drawScreen(): void {
  phone.append(pageLayer, overlayLayer, statusBar, make('div.mp-home-indicator', { 'aria-hidden': 'true' }))
  ignoreGhostClicks()
  paintStatusBar()
  setInterval(paintStatusBar, 10_000)
}

/** A finger's tap opens a sheet before the browser makes its click, which would then hit the sheet. */
function ignoreGhostClicks(): void {
  let pressed = false
  overlayLayer.addEventListener(
    'pointerdown',
    () => {
      pressed = true
    },
    true,
  )
  overlayLayer.addEventListener(
    'click',
    (event) => {
      const fromKeyboard = event.detail === 0
      if (!pressed && !fromKeyboard) event.stopPropagation()
      pressed = false
    },
    true,
  )
}

export function paintStatusBar(): void {
  clock.textContent = new Date().toLocaleTimeString('zh-CN', { hour: 'numeric', minute: '2-digit', hour12: false })
  network.replaceChildren(
    ...(settings.online
      ? [icon('0 0 18 12', signalIcon, 'mp-signal'), icon('0 0 17 12', wifiIcon, 'mp-wifi')]
      : [icon('0 0 17 13', airplaneIcon, 'mp-wifi')]),
  )
}

/** Sets the colour of the status bar's text: that of the page below it. */
export const setStatusBarStyle = (style: 'black' | 'white'): void => {
  statusBar.dataset['style'] = style
}

/** Turns the mini program's dark mode on or off. */
export const setTheme = (theme: 'light' | 'dark'): void => {
  phone.dataset['theme'] = theme
}

export const phoneSize = (): { width: number; height: number } => ({
  width: phone.clientWidth,
  height: phone.clientHeight,
})

/** The phone's element; its width is the screen's. */
export const phoneElement = phone

const stillMotion = window.matchMedia('(prefers-reduced-motion: reduce)')

/** Plays an animation to its end; at once where the person wants no motion. */
export async function animate(element: Element, frames: Keyframe[], durationMs: number): Promise<void> {
  if (stillMotion.matches) return
  const animation = element.animate(frames, { duration: durationMs, easing: 'cubic-bezier(.32,.72,0,1)', fill: 'both' })
  await animation.finished.catch(() => {})
  animation.cancel()
}
