import { assetUrl } from '../assets.ts'
import { icon, make } from '../element.ts'
import { overlayLayer } from '../screen.ts'

export interface ToastOptions {
  readonly title: string
  readonly icon: string
  readonly image?: string
  readonly mask: boolean
  /** Milliseconds; undefined stays until it is hidden. */
  readonly durationMs?: number
}

const pictures: Readonly<Record<string, string>> = {
  success:
    '<path d="M8 21.500l8.5 8.500L33 12" fill="none" stroke="currentColor" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/>',
  error:
    '<circle cx="20" cy="20" r="16" fill="none" stroke="currentColor" stroke-width="2.4"/><path d="M20 11v11" stroke="currentColor" stroke-width="2.8" stroke-linecap="round"/><circle cx="20" cy="28" r="1.8" fill="currentColor"/>',
}

let shown: HTMLElement | undefined
let timer: ReturnType<typeof setTimeout> | undefined

/** Shows a toast in place of the one before. */
export function showToast(options: ToastOptions): void {
  hideToast()
  const { title, icon: name, image, mask, durationMs } = options
  const picture = pictures[name]
  const toast = make('div.mp-toast', { role: 'status' })
  if (image !== undefined) toast.append(make('img', { src: assetUrl(image), alt: '' }))
  else if (name === 'loading') toast.append(make('span.mp-spinner.mp-large'))
  else if (picture !== undefined) toast.append(icon('0 0 40 40', picture))
  else toast.classList.add('mp-text-only')
  toast.append(make('p', {}, title))
  shown = make('div.mp-toast-layer', {}, toast)
  shown.classList.toggle('mp-blocking', mask)
  overlayLayer.append(shown)
  if (durationMs !== undefined) timer = setTimeout(hideToast, durationMs)
}

export function hideToast(): void {
  clearTimeout(timer)
  shown?.remove()
  shown = undefined
}
