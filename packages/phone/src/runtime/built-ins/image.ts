import { assetUrl } from '../assets.ts'
import { make } from '../element.ts'
import { builtIn } from './built-in.ts'

const positions: Readonly<Record<string, string>> = {
  top: 'center top',
  bottom: 'center bottom',
  left: 'left center',
  right: 'right center',
  center: 'center',
  'top left': 'left top',
  'top right': 'right top',
  'bottom left': 'left bottom',
  'bottom right': 'right bottom',
}
const fits: Readonly<Record<string, string>> = { aspectFit: 'contain', aspectFill: 'cover', scaleToFill: 'fill' }
const defaults = {
  src: '',
  mode: 'scaleToFill',
  lazyLoad: false,
  webp: false,
  fadeIn: false,
  showMenuByLongpress: false,
  alt: '',
} as const

const imageLike = (tag: string) =>
  builtIn(tag, defaults, false, (host) => {
    const image = make('img', {}) as HTMLImageElement
    image.addEventListener('load', () => {
      host.emit('load', { width: image.naturalWidth, height: image.naturalHeight })
    })
    image.addEventListener('error', () => host.emit('error', { errMsg: `GET ${host.properties.src} error` }))
    host.element.append(image)
    const update = () => {
      const { src, mode, lazyLoad, alt } = host.properties
      const position = positions[mode]
      image.loading = lazyLoad ? 'lazy' : 'eager'
      image.alt = alt
      image.style.objectFit = position === undefined ? (fits[mode] ?? 'fill') : 'none'
      image.style.objectPosition = position ?? ''
      host.element.dataset['mode'] = mode
      const address = assetUrl(src, host.owner)
      if (address === '') image.removeAttribute('src')
      else if (image.getAttribute('src') !== address) image.src = address
    }
    update()
    return { update }
  })

export const image = imageLike('image')
export const coverImage = imageLike('cover-image')
