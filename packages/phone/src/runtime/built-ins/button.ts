import { tapElement } from '../backend.ts'
import { shareFrom } from '../share.ts'
import { showModal } from '../sheets/dialogs.ts'
import { avatarDetail, phoneNumberDetail, userInfoDetail } from '../wx/login.ts'
import { recordConsent, requirePrivacy } from '../wx/privacy.ts'
import { builtIn, type Host, partsOf, reflect } from './built-in.ts'

const defaults = {
  type: 'default',
  size: 'default',
  plain: false,
  loading: false,
  disabled: false,
  formType: '',
  openType: '',
  hoverStopPropagation: false,
  hoverStartTime: 20,
  hoverStayTime: 70,
  lang: 'en',
  sessionFrom: '',
  sendMessageTitle: '',
  sendMessagePath: '',
  sendMessageImg: '',
  showMessageCard: false,
  appParameter: '',
  phoneNumberNoQuotaToast: true,
} as const

type ButtonHost = Host<{ readonly openType: string }>

/** What each open-type does; a button may combine several with `|`. */
const actions: Readonly<Record<string, (host: ButtonHost) => void | Promise<void>>> = {
  agreePrivacyAuthorization: (host) => {
    recordConsent()
    host.emit('agreeprivacyauthorization', { errMsg: 'agreePrivacyAuthorization:ok' })
  },
  getPhoneNumber: async (host) => {
    if (await allowed('getPhoneNumber', host, 'getphonenumber')) host.emit('getphonenumber', await phoneNumberDetail())
  },
  getRealtimePhoneNumber: async (host) => {
    if (await allowed('getRealtimePhoneNumber', host, 'getrealtimephonenumber')) {
      host.emit('getrealtimephonenumber', await phoneNumberDetail())
    }
  },
  getUserInfo: async (host) => host.emit('getuserinfo', await userInfoDetail()),
  chooseAvatar: async (host) => {
    if (!(await allowed('chooseAvatar', host, 'chooseavatar'))) return
    const detail = await avatarDetail()
    if (detail) host.emit('chooseavatar', detail)
  },
  share: () => shareFrom('button'),
  contact: async (host) => {
    await showModal({ title: '客服', content: '这里会打开与商家的客服会话。', showCancel: false })
    host.emit('contact', { errMsg: 'enterContact:ok', path: '', query: {} })
  },
  feedback: () => void showModal({ title: '意见反馈', content: '这里会打开微信的反馈页面。', showCancel: false }),
  openSetting: (host) => host.emit('opensetting', { authSetting: {} }),
}

async function allowed(name: string, host: ButtonHost, event: string): Promise<boolean> {
  try {
    await requirePrivacy(name)
    return true
  } catch {
    host.emit(event, { errMsg: `${name}:fail privacy permission is not authorized`, errno: 104 })
    return false
  }
}

export const button = builtIn('button', defaults, true, (host) => {
  const { element } = host
  const update = () => {
    const { type, size, plain, loading, disabled } = host.properties
    for (const [name, value] of Object.entries({ type, size, plain, loading, disabled })) reflect(element, name, value)
    element.setAttribute('aria-disabled', String(disabled))
    element.tabIndex = disabled ? -1 : 0
  }
  const act = async () => {
    const { disabled, formType, openType } = host.properties
    if (disabled) return
    if (formType !== '') partsOf(element.closest('wx-form'))?.form?.(formType)
    // Consent comes before what needs it.
    const names = openType.split('|').map((name) => name.trim())
    for (const name of names.sort((one) => (one === 'agreePrivacyAuthorization' ? -1 : 1))) await actions[name]?.(host)
  }
  if (!element.hasAttribute('role')) element.setAttribute('role', 'button')
  element.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== ' ') return
    event.preventDefault()
    tapElement(element)
  })
  host.onTap(() => void act())
  update()
  return { update, press: () => tapElement(element) }
})
