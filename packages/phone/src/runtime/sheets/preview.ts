import { assetUrl } from '../assets.ts'
import { make } from '../element.ts'
import { overlayLayer } from '../screen.ts'

/** Images over the whole screen; a tap closes them, a swipe turns the page. */
export function previewImages(urls: readonly string[], first: number): void {
  const count = make('span.mp-preview-count')
  const strip = make('div.mp-preview-strip', {}, ...urls.map((url) => make('img', { src: assetUrl(url), alt: '' })))
  const layer = make(
    'div.mp-preview',
    { role: 'dialog', 'aria-label': '查看图片', onclick: () => layer.remove() },
    strip,
    ...(urls.length > 1 ? [count] : []),
  )
  const paint = () => {
    const index = strip.clientWidth === 0 ? first : Math.round(strip.scrollLeft / strip.clientWidth)
    count.textContent = `${index + 1}/${urls.length}`
  }
  strip.addEventListener('scroll', paint)
  overlayLayer.append(layer)
  strip.scrollLeft = first * strip.clientWidth
  paint()
}
