import { appid, programTitle, settings } from '../settings.ts'
import { askForPrivacy } from '../sheets/consent.ts'
import { showModal } from '../sheets/dialogs.ts'
import { api, Failure } from './api.ts'

type Resolve = (answer: { event: string; buttonId?: string }) => void
type PrivacyListener = (resolve: Resolve, info: { referrer: string }) => void

let listener: PrivacyListener | undefined

/** Consent stays with the person and the mini program until it is deleted from the phone. */
const key = () => `fenpay-phone-privacy:${appid}:${settings.user}`
const agreed = (): boolean => localStorage.getItem(key()) === 'agreed'

/** The person tapped a button that records consent. */
export const recordConsent = (): void => localStorage.setItem(key(), 'agreed')

/** Lets a privacy API go on once the person has agreed (client-api.md 8). Throws Failure after a refusal. */
export async function requirePrivacy(referrer: string): Promise<void> {
  if (agreed()) return
  const asked = listener
  const yes = asked
    ? await new Promise<boolean>((resolve) => {
        asked(({ event }) => event !== 'exposureAuthorization' && resolve(event === 'agree'), { referrer })
      })
    : await askForPrivacy()
  if (!yes) throw new Failure('privacy permission is not authorized', { errno: asked ? 103 : 104 })
  recordConsent()
}

export const privacy = {
  onNeedPrivacyAuthorization: (given: PrivacyListener) => {
    listener = given
  },
  getPrivacySetting: api('getPrivacySetting', () => ({
    needAuthorization: !agreed(),
    privacyContractName: `《${programTitle}隐私保护指引》`,
  })),
  requirePrivacyAuthorize: api('requirePrivacyAuthorize', async () => {
    await requirePrivacy('requirePrivacyAuthorize')
    return {}
  }),
  openPrivacyContract: api('openPrivacyContract', async () => {
    const content = `${programTitle}只处理完成订单所需的信息。正式的《隐私保护指引》在小程序后台填写，由微信展示。`
    await showModal({ title: '隐私保护指引', content, showCancel: false, confirmText: '我知道了' })
    return {}
  }),
}
