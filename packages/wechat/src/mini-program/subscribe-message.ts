/** Subscribe messages of the Mini Program, as on the wire. See after-payment, section 2.2. */
import { checkId, openidForm } from '../options.ts'
import { pagePathForm } from './page-path.ts'
import { checkSubscribeValue } from './subscribe-value.ts'

/** `POST /cgi-bin/message/subscribe/send` */
export interface SubscribeMessage {
  /** The receiver's openid under this appid. */
  touser: string
  template_id: string
  /** A value for each key of the template: `{ thing1: { value: 'Beef noodles' } }`. See {@link fitSubscribeValue}. */
  data: Readonly<Record<string, { value: string }>>
  /** The page that a tap opens, with its query; it must be in the released version. Default: none. */
  page?: string
  /** Which version a tap opens. Default: `formal`, the released one. */
  miniprogram_state?: 'developer' | 'trial' | 'formal'
  /** Default: `zh_CN`. */
  lang?: 'zh_CN' | 'en_US' | 'zh_HK' | 'zh_TW'
}

const templateIdForm = /^[A-Za-z0-9_-]{1,64}$/
const stateForm = /^(?:developer|trial|formal)$/
const langForm = /^(?:zh_CN|en_US|zh_HK|zh_TW)$/

/** The body of a message with only the documented fields. @throws TypeError for what WeChat would refuse */
export function subscribeBody(message: SubscribeMessage): object {
  const { page, miniprogram_state, lang } = message
  const data = Object.entries(message.data).map(([key, field]) => [
    key,
    { value: checkSubscribeValue(key, field.value) },
  ])
  if (data.length === 0) throw new TypeError('data must have a value for each key of the template')
  return {
    touser: checkId('touser', message.touser, openidForm),
    template_id: checkId('template_id', message.template_id, templateIdForm),
    data: Object.fromEntries(data),
    page: page === undefined ? undefined : checkId('page', page, pagePathForm),
    miniprogram_state:
      miniprogram_state === undefined ? undefined : checkId('miniprogram_state', miniprogram_state, stateForm),
    lang: lang === undefined ? undefined : checkId('lang', lang, langForm),
  }
}
