import { pageStack } from '../page-stack.ts'
import { settings } from '../settings.ts'
import { builtIn } from './built-in.ts'

const defaults = {
  backgroundTextStyle: '',
  backgroundColor: '',
  backgroundColorTop: '',
  backgroundColorBottom: '',
  rootBackgroundColor: '',
  scrollTop: '',
  scrollDuration: 300,
  pageStyle: '',
  rootFontSize: '',
  pageFontSize: '',
  pageOrientation: '',
} as const

const fontSize = (size: string): string => (size === 'system' ? `${16 * settings.fontScale}px` : size)

/** What a template says about its page: style, background, font size of the root. */
export const pageMeta = builtIn('page-meta', defaults, true, (host) => {
  const body = host.element.closest<HTMLElement>('wx-page')
  const update = () => {
    const { pageStyle, pageFontSize, rootFontSize, backgroundColor } = host.properties
    body?.setAttribute('style', pageStyle)
    if (pageFontSize !== '' && body) body.style.fontSize = fontSize(pageFontSize)
    if (rootFontSize !== '') document.documentElement.style.fontSize = fontSize(rootFontSize)
    if (backgroundColor !== '')
      body?.closest<HTMLElement>('.mp-page')?.style.setProperty('--window-background', backgroundColor)
  }
  update()
  return { update }
})

/** The navigation bar of the page, from its template. */
export const navigationBar = builtIn(
  'navigation-bar',
  {
    title: '',
    loading: false,
    frontColor: '',
    backgroundColor: '',
    colorAnimationDuration: 0,
    colorAnimationTimingFunc: '',
  },
  false,
  (host) => {
    const update = () => {
      const { title, loading, frontColor, backgroundColor } = host.properties
      const page = pageStack.pages.find((one) => one.element.contains(host.element))
      page?.bar.paint({
        ...(title !== '' && { navigationBarTitleText: title }),
        ...(frontColor !== '' && { navigationBarTextStyle: frontColor === '#ffffff' ? 'white' : 'black' }),
        ...(backgroundColor !== '' && { navigationBarBackgroundColor: backgroundColor }),
      })
      if (page) page.bar.loading = loading
    }
    update()
    return { update }
  },
)
