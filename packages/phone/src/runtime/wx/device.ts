import { report } from '../bridge.ts'
import { pageStack } from '../page-stack.ts'
import { showModal } from '../sheets/dialogs.ts'
import { showToast } from '../sheets/toast.ts'
import { api, Failure, textOption } from './api.ts'
import { onAppHide, onAppShow, onError, onRejection } from './phone-events.ts'
import { requirePrivacy } from './privacy.ts'
import { fromBase64, toBase64 } from './request.ts'

let clipboard = ''
const nothing = (name: string) => api(name, () => ({}))

const log = () => {
  const write = () => {}
  return { debug: write, info: write, log: write, warn: write, error: write, setFilterMsg: write, addFilterMsg: write }
}

/** Clipboard, calls, vibration, and what else the device does. */
export const device = {
  setClipboardData: api('setClipboardData', async (options) => {
    const data = textOption(options, 'data')
    await requirePrivacy('setClipboardData')
    clipboard = data
    showToast({ title: '内容已复制', icon: 'success', mask: false, durationMs: 1500 })
    return {}
  }),
  getClipboardData: api('getClipboardData', async () => {
    await requirePrivacy('getClipboardData')
    return { data: clipboard }
  }),
  vibrateShort: nothing('vibrateShort'),
  vibrateLong: nothing('vibrateLong'),
  setKeepScreenOn: nothing('setKeepScreenOn'),
  makePhoneCall: api('makePhoneCall', async (options) => {
    const number = textOption(options, 'phoneNumber')
    const { confirm } = await showModal({ content: number, confirmText: '呼叫' })
    if (!confirm) throw new Failure('cancel')
    report('call', `拨打电话 ${number}（模拟）`)
    return {}
  }),
  getRandomValues: api('getRandomValues', (options) => ({
    randomValues: crypto.getRandomValues(new Uint8Array(Number(options['length'] ?? 0))).buffer,
  })),
  arrayBufferToBase64: toBase64,
  base64ToArrayBuffer: fromBase64,
  getUpdateManager: () => ({
    onCheckForUpdate: (listener: (result: { hasUpdate: boolean }) => void) =>
      queueMicrotask(() => listener({ hasUpdate: false })),
    onUpdateReady: () => {},
    onUpdateFailed: () => {},
    applyUpdate: () => {},
  }),
  getSetting: api('getSetting', () => ({
    authSetting: { 'scope.userInfo': true },
    subscriptionsSetting: { mainSwitch: true },
  })),
  openSetting: api('openSetting', () => ({ authSetting: { 'scope.userInfo': true } })),
  showShareMenu: nothing('showShareMenu'),
  hideShareMenu: nothing('hideShareMenu'),
  updateShareMenu: nothing('updateShareMenu'),
  reportEvent: () => {},
  getLogManager: log,
  getRealtimeLogManager: log,
  nextTick: (work: () => void) => queueMicrotask(work),
  env: { USER_DATA_PATH: 'http://usr' },
  onAppShow: onAppShow.on,
  offAppShow: onAppShow.off,
  onAppHide: onAppHide.on,
  offAppHide: onAppHide.off,
  onError: onError.on,
  offError: onError.off,
  onUnhandledRejection: onRejection.on,
  offUnhandledRejection: onRejection.off,
  exitMiniProgram: api('exitMiniProgram', () => {
    pageStack.leave()
    return {}
  }),
}
