import { report } from '../bridge.ts'
import { showModal } from '../sheets/dialogs.ts'
import { openPaymentSheet, type PaymentAnswer, yuan } from '../sheets/payment.ts'
import { api, Failure, type Options, textOption } from './api.ts'
import { askWeChat } from './login.ts'

const names = ['timeStamp', 'nonceStr', 'package', 'paySign'] as const

/** The sheet is open: a second one cannot be. */
let open = false

/** The five parameters as the back end signed them; signType is MD5 where the program gives none. */
function parametersOf(options: Options): Record<string, string> {
  const parameters = Object.fromEntries(names.map((name) => [name, textOption(options, name)]))
  return { ...parameters, signType: textOption(options, 'signType', 'MD5') }
}

async function pay(parameters: Readonly<Record<string, string>>): Promise<PaymentAnswer> {
  try {
    const answer = await askWeChat('requestPayment', { ...parameters, action: 'confirm' })
    if (answer['errMsg'] === 'requestPayment:ok') return { ok: true }
    return { ok: false, reason: String(answer['reason'] ?? answer['errMsg']) }
  } catch {
    return { ok: false, reason: '网络异常，请检查网络后重试' }
  }
}

async function requestPayment(options: Options): Promise<undefined> {
  const parameters = parametersOf(options)
  if (open) throw new Failure('requestPayment is being called')
  open = true
  try {
    const preview = await askWeChat('requestPayment', { ...parameters, action: 'preview' })
    if (preview['errMsg'] !== 'requestPayment:ok') {
      const reason = String(preview['reason'] ?? preview['errMsg'])
      report('sheet', `支付没有打开：${reason}`, preview)
      await showModal({ content: reason, showCancel: false })
      throw new Failure(String(preview['errMsg'] ?? 'requestPayment:fail'))
    }
    const view = {
      merchantName: String(preview['merchant_name']),
      amountFen: Number(preview['amount_fen']),
      description: String(preview['description']),
    }
    report('sheet', `支付面板打开：${view.merchantName} ¥${yuan(view.amountFen)}`, view)
    const outcome = await openPaymentSheet(view, () => pay(parameters))
    if (outcome === 'paid') {
      report('paid', '用户完成了支付，wx.requestPayment 成功')
      return undefined
    }
    if (outcome === 'failed') throw new Failure('')
    report('cancelled', '用户取消了支付')
    await askWeChat('requestPayment', { ...parameters, action: 'cancel' }).catch(() => {})
    throw new Failure('cancel')
  } finally {
    open = false
  }
}

/** wx.requestPayment (pay-v3.md 7). */
export const payment = { requestPayment: api('requestPayment', requestPayment) }
