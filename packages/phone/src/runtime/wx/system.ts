import { pageStack } from '../page-stack.ts'
import { homeIndicatorHeight, navigationBarHeight, phoneSize, statusBarHeight, tabBarHeight } from '../screen.ts'
import { appid, settings } from '../settings.ts'
import { currentTheme } from '../theme.ts'
import { api } from './api.ts'
import { Listeners } from './listeners.ts'
import { onNetwork, onTheme, onWindow, type Scene } from './phone-events.ts'

/** The base library whose calls the phone has. */
export const baseLibrary = '3.17.2'
const capsule = { width: 87, height: 32, right: 7 }

function windowInfo(): Record<string, unknown> {
  const { width, height } = phoneSize()
  const top = pageStack.pages.at(-1)
  const custom = top?.config.navigationStyle === 'custom'
  const bars =
    (custom ? 0 : statusBarHeight + navigationBarHeight) + (top?.isTab ? tabBarHeight + homeIndicatorHeight : 0)
  const bottom = height - homeIndicatorHeight
  return {
    pixelRatio: devicePixelRatio,
    screenWidth: width,
    screenHeight: height,
    windowWidth: width,
    windowHeight: height - bars,
    statusBarHeight,
    screenTop: custom ? 0 : statusBarHeight + navigationBarHeight,
    safeArea: { left: 0, right: width, top: statusBarHeight, bottom, width, height: bottom - statusBarHeight },
  }
}

const deviceInfo = () => ({
  abi: 'arm64',
  benchmarkLevel: -1,
  brand: 'Fenpay',
  model: 'Fenpay Phone',
  system: 'iOS 17.0',
  platform: 'ios',
  cpuType: 'simulated',
  memorySize: '4096',
})

const appBaseInfo = () => ({
  SDKVersion: baseLibrary,
  enableDebug: false,
  host: { appId: '', env: 'WeChat' },
  language: 'zh_CN',
  version: '8.0.50',
  theme: currentTheme(),
  fontSizeScaleFactor: settings.fontScale,
  fontSizeSetting: Math.round(17 * settings.fontScale),
})

const systemInfo = () => ({
  ...deviceInfo(),
  ...windowInfo(),
  ...appBaseInfo(),
  bluetoothEnabled: false,
  locationEnabled: false,
  wifiEnabled: settings.online,
  deviceOrientation: 'portrait',
})

function menuButton(): Record<string, number> {
  const { width } = phoneSize()
  const top = statusBarHeight + (navigationBarHeight - capsule.height) / 2
  const right = width - capsule.right
  return {
    width: capsule.width,
    height: capsule.height,
    top,
    right,
    bottom: top + capsule.height,
    left: right - capsule.width,
  }
}

const networkType = () => (settings.online ? 'wifi' : 'none')
const keyboard = new Listeners()

/** What the phone is and how it is set. */
export const system = (launch: () => Scene, enter: () => Scene) => ({
  getWindowInfo: windowInfo,
  getDeviceInfo: deviceInfo,
  getAppBaseInfo: appBaseInfo,
  getSystemSetting: () => ({
    bluetoothEnabled: false,
    locationEnabled: false,
    wifiEnabled: settings.online,
    deviceOrientation: 'portrait',
  }),
  getAppAuthorizeSetting: () => ({
    cameraAuthorized: 'authorized',
    notificationAuthorized: 'authorized',
    albumAuthorized: 'authorized',
  }),
  getSystemInfoSync: systemInfo,
  getSystemInfo: api('getSystemInfo', systemInfo),
  getSystemInfoAsync: api('getSystemInfoAsync', systemInfo),
  getMenuButtonBoundingClientRect: menuButton,
  getAccountInfoSync: () => ({ miniProgram: { appId: appid, envVersion: 'develop', version: '' } }),
  getLaunchOptionsSync: launch,
  getEnterOptionsSync: enter,
  getNetworkType: api('getNetworkType', () => ({
    networkType: networkType(),
    hasSystemProxy: false,
    weakNet: settings.slowMs > 0,
  })),
  onNetworkStatusChange: onNetwork.on,
  offNetworkStatusChange: onNetwork.off,
  onThemeChange: onTheme.on,
  offThemeChange: onTheme.off,
  onWindowResize: onWindow.on,
  offWindowResize: onWindow.off,
  onKeyboardHeightChange: keyboard.on,
  offKeyboardHeightChange: keyboard.off,
})
