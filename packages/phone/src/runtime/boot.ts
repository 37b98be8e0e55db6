import { connectEvents, mirrorToDocument, PhoneBackend } from './backend.ts'
import { onParentMessage, type ParentMessage, report } from './bridge.ts'
import { registerBuiltIns } from './built-ins/register.ts'
import { defineUnit } from './components.ts'
import { associateBackend, onTreeError } from './easel.ts'
import { hideHomeScreen, showHomeScreen } from './home-screen.ts'
import { watchHover } from './hover.ts'
import { pressLabel } from './label.ts'
import { Life } from './life.ts'
import type { MiniProgram } from './mini-program.ts'
import { pageStack } from './page-stack.ts'
import { rootMaker } from './page-view.ts'
import { drawScreen, paintStatusBar, phoneSize } from './screen.ts'
import { changeSettings, onSettings, programTitle, settings } from './settings.ts'
import { shareFrom } from './share.ts'
import { showActionSheet, showModal } from './sheets/dialogs.ts'
import { currentTheme, useTheme } from './theme.ts'
import { onError, onNetwork, onRejection, onTheme, onWindow, type Scene } from './wx/phone-events.ts'
import { setRequestTimeout } from './wx/request.ts'
import { createWx } from './wx/wx.ts'

declare global {
  interface Window {
    App?: (app: Record<string, unknown>) => void
    getApp?: () => unknown
    getCurrentPages?: () => unknown[]
    wx?: Record<string, unknown>
    __askedOfWx?: readonly string[]
  }
}

const killedKey = 'fenpay-phone:killed'

/** Starts the phone with a mini program: a cold start, as after a kill. */
export function boot(program: MiniProgram): void {
  drawScreen()
  useTheme(program)
  if (sessionStorage.getItem(killedKey) !== null) {
    onParentMessage((message) => message.do !== undefined && message.do !== 'kill' && restart())
    report('killed', '小程序已被杀掉')
    showHomeScreen('已关闭，点一下重新打开', restart)
    return
  }
  const life = new Life()
  const scene = (): Scene => ({ path: pageStack.first, query: {}, scene: 1001, referrerInfo: {} })
  defineGlobals(life, createWx(scene, scene, new Set(window.__askedOfWx)))
  mirrorToDocument()
  registerBuiltIns(program.templates)
  watchErrors(life)
  const backend = new PhoneBackend()
  const associated = associateBackend(backend)
  connectEvents(backend, pressLabel)
  watchHover()
  setRequestTimeout(program.app.networkTimeout?.request)
  const leave = () => {
    life.hide()
    showHomeScreen('在后台，点一下回来', () => enter(life))
  }
  pageStack.start({ program, createRoot: rootMaker(associated), menu: () => void openMenu(), close: leave })
  program.load((unit, run) => defineUnit(program.templates, unit, run))
  connectSettings(life, program)
  onParentMessage((message) => obey(message, life, leave))
  life.launch(scene())
  pageStack.reLaunch(`/${startPath(program)}`)
}

/** The page that the address names, by `#/path?query`, else the home page. */
function startPath(program: MiniProgram): string {
  const asked = location.hash.replace(/^#\/?/, '')
  return (asked.split('?')[0] ?? '') in program.pages ? asked : pageStack.first
}

function enter(life: Life): void {
  hideHomeScreen()
  pageStack.retitle()
  life.show()
}

const restart = (): void => {
  sessionStorage.removeItem(killedKey)
  location.reload()
}

function kill(): void {
  sessionStorage.setItem(killedKey, '1')
  location.reload()
}

function obey({ set, do: action, path }: ParentMessage, life: Life, leave: () => void): void {
  if (set) changeSettings(set)
  if (action === 'background') leave()
  if (action === 'foreground') enter(life)
  if (action === 'relaunch') restart()
  if (action === 'kill') kill()
  if (action === 'open' && path !== undefined) pageStack.reLaunch(path.startsWith('/') ? path : `/${path}`)
}

function defineGlobals(life: Life, wx: Record<string, unknown>): void {
  Object.assign(window, {
    wx,
    App: (app: Record<string, unknown>) => life.register(app),
    getApp: () => life.app,
    getCurrentPages: () => pageStack.pages.map((page) => page.instance),
    // What WXS has besides JavaScript.
    getRegExp: (pattern: string, flags?: string) => new RegExp(pattern, flags),
    getDate: (...parts: (string | number)[]) => Reflect.construct(Date, parts) as Date,
    __wxsConstructor: (value: unknown) => Object.prototype.toString.call(value).slice(8, -1),
  })
}

function connectSettings(life: Life, program: MiniProgram): void {
  const resized = () => {
    const { width, height } = phoneSize()
    const size = { windowWidth: width, windowHeight: height }
    onWindow.emit({ size })
    pageStack.top.resized(size)
  }
  onSettings((changed) => {
    // Another person has other storage and another login: the mini program starts anew.
    if (changed.has('user')) return restart()
    if (changed.has('online')) {
      paintStatusBar()
      onNetwork.emit({ isConnected: settings.online, networkType: settings.online ? 'wifi' : 'none' })
    }
    if (changed.has('dark') && program.app.darkmode === true) {
      useTheme(program)
      pageStack.repaint()
      onTheme.emit({ theme: currentTheme() })
      life.call('onThemeChange', { theme: currentTheme() })
    }
    if (changed.has('fontScale')) {
      useTheme(program)
      resized()
    }
  })
  window.addEventListener('resize', resized)
}

function watchErrors(life: Life): void {
  const tell = (error: unknown) => {
    const text = error instanceof Error ? `${error.message}\n${error.stack ?? ''}` : String(error)
    report('error', error instanceof Error ? error.message : String(error), { stack: text })
    onError.emit(text)
    life.call('onError', text)
  }
  onTreeError(tell)
  window.addEventListener('error', (event) => tell(event.error ?? event.message))
  window.addEventListener('unhandledrejection', ({ reason, promise }) => {
    const text = reason instanceof Error ? reason.message : JSON.stringify(reason)
    report('error', `没有处理的 Promise：${text}`)
    onRejection.emit({ reason, promise })
    life.call('onUnhandledRejection', { reason, promise })
  })
}

async function openMenu(): Promise<void> {
  const canShare = pageStack.top.handles('onShareAppMessage')
  const actions: [string, () => void][] = [
    ...(canShare ? [['转发给朋友', () => void shareFrom('menu')] as [string, () => void]] : []),
    ['重新进入小程序', restart],
    ['关于这台手机', about],
  ]
  const chosen = await showActionSheet(
    actions.map(([name]) => name),
    { title: programTitle },
  )
  if (chosen !== undefined) actions[chosen]?.[1]()
}

const about = (): void => {
  const content = `这是模拟的微信：${programTitle}的源码原样运行在浏览器里，支付不会扣款。现在拿着手机的是${settings.user}。`
  void showModal({ title: '关于这台手机', content, showCancel: false })
}
