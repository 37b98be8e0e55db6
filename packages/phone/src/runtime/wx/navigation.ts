import { createEventChannel } from '../event-channel.ts'
import { NavigationRefused, pageStack } from '../page-stack.ts'
import { api, asOptions, Failure, numberOption, type Options, textOption } from './api.ts'

function navigate<T>(go: () => T): T {
  try {
    return go()
  } catch (error) {
    throw error instanceof NavigationRefused ? new Failure(error.message) : error
  }
}

const url = (options: Options): string => textOption(options, 'url')

/** WeChat's names for colours of the navigation bar. */
const textStyles: Readonly<Record<string, 'black' | 'white'>> = { '#000000': 'black', '#ffffff': 'white' }

const badge = (name: string, change: (options: Options) => string | undefined) =>
  api(name, (options) => {
    if (!pageStack.tabBar?.setBadge(numberOption(options, 'index', -1), change(options)))
      throw new Failure('tabbar item not found')
    return {}
  })

const hideTabs = (name: string, hidden: boolean) =>
  api(name, () => {
    if (!pageStack.tabBar) throw new Failure('not TabBar page')
    pageStack.tabBar.element.classList.toggle('mp-taken-away', hidden)
    return {}
  })

const loading = (name: string, on: boolean) =>
  api(name, () => {
    pageStack.top.bar.loading = on
    return {}
  })

export const navigation = {
  navigateTo: api('navigateTo', (options) =>
    navigate(() => {
      const events = asOptions(options['events']) as Readonly<Record<string, () => void>>
      const eventChannel = createEventChannel(events)
      pageStack.navigateTo(url(options), eventChannel)
      return { eventChannel }
    }),
  ),
  redirectTo: api('redirectTo', (options) => navigate(() => void pageStack.redirectTo(url(options)))),
  switchTab: api('switchTab', (options) => navigate(() => void pageStack.switchTab(url(options)))),
  reLaunch: api('reLaunch', (options) => navigate(() => void pageStack.reLaunch(url(options)))),
  navigateBack: api('navigateBack', (options) =>
    navigate(() => void pageStack.navigateBack(numberOption(options, 'delta', 1))),
  ),
  setNavigationBarTitle: api('setNavigationBarTitle', (options) => {
    pageStack.top.bar.paint({ navigationBarTitleText: textOption(options, 'title') })
    pageStack.retitle()
    return {}
  }),
  setNavigationBarColor: api('setNavigationBarColor', (options) => {
    const style = textStyles[textOption(options, 'frontColor').toLowerCase()]
    if (!style) throw new Failure('invalid frontColor, #ffffff or #000000 expected')
    const background = textOption(options, 'backgroundColor')
    pageStack.top.bar.paint({ navigationBarTextStyle: style, navigationBarBackgroundColor: background })
    pageStack.retitle()
    return {}
  }),
  showNavigationBarLoading: loading('showNavigationBarLoading', true),
  hideNavigationBarLoading: loading('hideNavigationBarLoading', false),
  hideHomeButton: api('hideHomeButton', () => void pageStack.top.bar.hideHome()),
  setTabBarBadge: badge('setTabBarBadge', (options) => textOption(options, 'text')),
  removeTabBarBadge: badge('removeTabBarBadge', () => undefined),
  showTabBarRedDot: badge('showTabBarRedDot', () => ''),
  hideTabBarRedDot: badge('hideTabBarRedDot', () => undefined),
  setTabBarItem: api('setTabBarItem', (options) => {
    const { index, text, iconPath, selectedIconPath } = options
    const change = Object.fromEntries(Object.entries({ text, iconPath, selectedIconPath }).filter(([, value]) => value))
    pageStack.tabBar?.change({}, Number(index), change)
    return {}
  }),
  setTabBarStyle: api('setTabBarStyle', (options) => {
    const { color, selectedColor, backgroundColor, borderStyle } = options
    const given = Object.entries({ color, selectedColor, backgroundColor, borderStyle })
    pageStack.tabBar?.change(Object.fromEntries(given.filter(([, value]) => value)))
    return {}
  }),
  showTabBar: hideTabs('showTabBar', false),
  hideTabBar: hideTabs('hideTabBar', true),
  startPullDownRefresh: api('startPullDownRefresh', () => void pageStack.top.pullDown.start()),
  stopPullDownRefresh: api('stopPullDownRefresh', () => void pageStack.top.pullDown.stop()),
  pageScrollTo: api('pageScrollTo', (options) => {
    const { scroller, body } = pageStack.top
    const selector = options['selector']
    const behavior = numberOption(options, 'duration', 300) > 0 ? 'smooth' : 'auto'
    const offset = numberOption(options, 'offsetTop', 0)
    const target = typeof selector === 'string' ? body.querySelector(selector) : undefined
    if (typeof selector === 'string' && !target) throw new Failure('selector not found')
    const top = target
      ? target.getBoundingClientRect().top - scroller.getBoundingClientRect().top + scroller.scrollTop + offset
      : numberOption(options, 'scrollTop', 0)
    scroller.scrollTo({ top, behavior })
    return {}
  }),
  setBackgroundColor: api('setBackgroundColor', (options) => {
    const color = options['backgroundColor']
    if (typeof color === 'string') pageStack.top.element.style.setProperty('--window-background', color)
    return {}
  }),
  setBackgroundTextStyle: api('setBackgroundTextStyle', (options) => {
    pageStack.top.pullDown.setTextStyle(options['textStyle'] === 'light' ? 'light' : 'dark')
    return {}
  }),
  createSelectorQuery: () => pageStack.top.instance.createSelectorQuery(),
  createIntersectionObserver: (
    component: { createIntersectionObserver(options: unknown): unknown },
    options: unknown,
  ) => component.createIntersectionObserver(options),
}
