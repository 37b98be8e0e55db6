import { pageStack } from '../page-stack.ts'
import { failureOf } from '../wx/api.ts'
import { builtIn } from './built-in.ts'

const defaults = {
  target: 'self',
  url: '',
  openType: 'navigate',
  delta: 1,
  appId: '',
  path: '',
  extraData: null,
  version: 'release',
  hoverStopPropagation: false,
  hoverStartTime: 50,
  hoverStayTime: 600,
} as const

export const navigator = builtIn('navigator', defaults, true, (host) => {
  const go: Readonly<Record<string, () => void>> = {
    navigate: () => void pageStack.navigateTo(host.properties.url),
    redirect: () => pageStack.redirectTo(host.properties.url),
    switchTab: () => pageStack.switchTab(host.properties.url),
    reLaunch: () => pageStack.reLaunch(host.properties.url),
    navigateBack: () => pageStack.navigateBack(host.properties.delta),
    exit: () => pageStack.leave(),
  }
  host.element.setAttribute('role', 'link')
  host.onTap(() => {
    const { openType } = host.properties
    try {
      go[openType]?.()
      host.emit('success', { errMsg: 'navigator:ok' })
    } catch (error) {
      host.emit('fail', failureOf('navigator', error))
    }
    host.emit('complete', {})
  })
  return {}
})
