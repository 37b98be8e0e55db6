import { avatarOf } from '../avatar.ts'
import { icon, make } from '../element.ts'
import { programTitle } from '../settings.ts'
import { showModal } from './dialogs.ts'
import { openSheet } from './sheet.ts'

/** What the sheet shows: from WeChat's preview of the order. */
export interface PaymentView {
  readonly merchantName: string
  readonly amountFen: number
  readonly description: string
}

/** What came of it when WeChat was asked to pay. */
export type PaymentAnswer = { readonly ok: true } | { readonly ok: false; readonly reason: string }

/** 1280 fen as ¥12.80. */
export const yuan = (fen: number): string => `${Math.trunc(fen / 100)}.${String(fen % 100).padStart(2, '0')}`

const passwordLength = 6
/** The one password that is wrong, to see what WeChat does then. */
const wrongPassword = '000000'

/**
 * The payment sheet from its opening to its end: confirm, then password or face, then the result. `pay` asks WeChat for
 * the payment. Returns 'paid' after the success page, 'cancelled' when the person closed it, 'failed' after a refusal.
 */
export async function openPaymentSheet(
  view: PaymentView,
  pay: () => Promise<PaymentAnswer>,
): Promise<'paid' | 'cancelled' | 'failed'> {
  const sheet = openSheet('mp-payment', { label: '微信支付' })
  const show = <T>(fill: (answer: (value: T) => void) => (Node | string)[]): Promise<T> =>
    new Promise((resolve) => sheet.panel.replaceChildren(...fill(resolve)))
  const end = async <T>(result: T): Promise<T> => {
    await sheet.close()
    return result
  }
  let method: Method = 'balance'
  for (;;) {
    const confirmed = await show<'confirm' | 'cancel' | 'method'>((answer) => confirmPage(view, method, answer))
    if (confirmed === 'cancel') return end('cancelled')
    if (confirmed === 'method') {
      method = (await show<Method>((answer) => methodPage(method, answer))) ?? method
      continue
    }
    const proof = await show<'proved' | 'cancel'>((answer) => passwordPage(view, answer))
    if (proof === 'cancel') return end('cancelled')
    sheet.panel.replaceChildren(...busyPage())
    const outcome = await pay()
    if (!outcome.ok) {
      await show<void>((answer) => failurePage(outcome.reason, answer))
      return end('failed')
    }
    await show<void>((answer) => successPage(view, answer))
    return end('paid')
  }
}

type Method = 'balance' | 'bank'
const methodNames: Readonly<Record<Method, string>> = { balance: '零钱', bank: '招商银行储蓄卡 (8888)' }

const closeButton = (label: string, act: () => void): HTMLElement =>
  make('button.mp-close', { 'aria-label': label, onclick: act }, icon('0 0 24 24', crossIcon))

const amount = (view: PaymentView): HTMLElement =>
  make('p.mp-amount', { 'data-test': 'amount' }, make('small', {}, '¥'), yuan(view.amountFen))

const methodIcon = (method: Method): Element =>
  icon('0 0 24 24', method === 'balance' ? walletIcon : cardIcon, `mp-method-icon mp-${method}`)

function confirmPage(
  view: PaymentView,
  method: Method,
  answer: (value: 'confirm' | 'cancel' | 'method') => void,
): Node[] {
  return [
    make(
      'header',
      {},
      closeButton('取消支付', () => answer('cancel')),
      make('span.mp-brand', {}, icon('0 0 24 24', payIcon), '微信支付'),
    ),
    make('p.mp-merchant', {}, view.merchantName),
    amount(view),
    make('dl', {}, make('dt', {}, '商品'), make('dd', {}, view.description)),
    make(
      'button.mp-method',
      { onclick: () => answer('method') },
      make('span', {}, '支付方式'),
      make('span', {}, methodIcon(method), methodNames[method], icon('0 0 12 24', chevronIcon, 'mp-chevron')),
    ),
    make('button.mp-pay', { onclick: () => answer('confirm') }, '确认支付'),
    make('p.mp-simulated', {}, '模拟支付，不会扣款'),
  ]
}

function methodPage(current: Method, answer: (value: Method) => void): Node[] {
  return [
    make(
      'header',
      {},
      closeButton('返回', () => answer(current)),
      make('span', {}, '选择支付方式'),
    ),
    ...(Object.keys(methodNames) as Method[]).map((method) =>
      make(
        'button.mp-method.mp-method-row',
        { onclick: () => answer(method), 'aria-pressed': String(method === current) },
        make('span', {}, methodIcon(method), methodNames[method]),
        make('i', { class: method === current ? 'mp-tick' : '' }),
      ),
    ),
  ]
}

function passwordPage(view: PaymentView, answer: (value: 'proved' | 'cancel') => void): Node[] {
  let typed = ''
  const boxes = Array.from({ length: passwordLength }, () => make('i'))
  const paint = () => {
    for (const [index, box] of boxes.entries()) box.classList.toggle('mp-filled', index < typed.length)
  }
  const press = (digit: string) => {
    if (typed.length >= passwordLength) return
    typed = digit === '⌫' ? typed.slice(0, -1) : typed + digit
    paint()
    if (typed.length === passwordLength) setTimeout(check, 120)
  }
  const check = async () => {
    if (typed !== wrongPassword) return answer('proved')
    await showModal({ content: '支付密码错误，请重试', showCancel: false, confirmText: '重试' })
    typed = ''
    paint()
  }
  const keys = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '', '0', '⌫']
  const pad = keys.map((key) =>
    key === ''
      ? make('span')
      : make('button', { 'aria-label': key === '⌫' ? '删除' : key, onclick: () => press(key) }, key),
  )
  return [
    make(
      'header',
      {},
      closeButton('取消支付', () => answer('cancel')),
      make('span', {}, '请输入支付密码'),
    ),
    make('p.mp-merchant', {}, view.merchantName),
    amount(view),
    make('div.mp-password', { role: 'img', 'aria-label': '支付密码，六位数字' }, ...boxes),
    make('button.mp-face', { onclick: () => answer('proved') }, icon('0 0 24 24', faceIcon), '使用面容支付'),
    make('p.mp-simulated', {}, '模拟支付：任意六位数字；000000 是错误的密码'),
    make('div.mp-pad', {}, ...pad),
  ]
}

const busyPage = (): Node[] => [
  make('div.mp-paying', { role: 'status' }, make('span.mp-spinner.mp-large'), make('p', {}, '正在支付…')),
]

function successPage(view: PaymentView, answer: () => void): Node[] {
  const logo = make('img', { src: URL.createObjectURL(avatarOf(programTitle)), alt: '' })
  return [
    make('div.mp-paid', {}, icon('0 0 24 24', payIcon), '支付成功'),
    make('p.mp-merchant', {}, view.merchantName),
    amount(view),
    make('div.mp-back-to', {}, logo, make('span', {}, programTitle)),
    make('button.mp-done', { onclick: answer }, '完成'),
  ]
}

function failurePage(reason: string, answer: () => void): Node[] {
  return [
    make('div.mp-not-paid', {}, icon('0 0 24 24', warnIcon), '支付失败'),
    make('p.mp-reason', {}, reason),
    make('button.mp-done', { onclick: answer }, '我知道了'),
  ]
}

const crossIcon = '<path d="M5 5l14 14M19 5L5 19" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"/>'
const chevronIcon =
  '<path d="M3 6l6 6-6 6" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"/>'
const payIcon =
  '<path fill="#07c160" d="M9.3 14.6c-.2.1-.5 0-.6-.2l-2-4.100c-.1-.3.2-.6.5-.4l2.1 1.500c.3.2.7.2 1 .1l9-4.100C17.3 5.3 14.6 4 11.7 4 6.4 4 2 7.7 2 12.300c0 2.5 1.3 4.7 3.4 6.200l-.5 2c-.1.3.3.6.6.4l2.4-1.300c1.2.4 2.5.6 3.8.6 5.3 0 9.6-3.5 9.6-7.9 0-1.4-.4-2.7-1.1-3.800z"/>'
const walletIcon =
  '<circle cx="12" cy="12" r="11" fill="#f5b544"/><path d="M8 7l4 5 4-5M8.5 12.500h7M8.5 15h7M12 12v5.5" stroke="#fff" stroke-width="1.6" fill="none" stroke-linecap="round"/>'
const cardIcon =
  '<circle cx="12" cy="12" r="11" fill="#d6453d"/><path d="M6.5 9h11v7h-11zM6.5 11.500h11" stroke="#fff" stroke-width="1.5" fill="none"/>'
const faceIcon =
  '<path d="M4 8V5.500A1.5 1.5 0 0 1 5.5 4H8M16 4h2.500A1.5 1.5 0 0 1 20 5.500V8M20 16v2.500a1.5 1.5 0 0 1-1.5 1.500H16M8 20H5.500A1.5 1.5 0 0 1 4 18.500V16M9 9v1.500M15 9v1.500M12 9v4h-1M9 15.500c1.8 1.3 4.2 1.3 6 0" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round"/>'
const warnIcon =
  '<circle cx="12" cy="12" r="10" fill="#fa9d3b"/><path d="M12 6.500v7" stroke="#fff" stroke-width="2" stroke-linecap="round"/><circle cx="12" cy="17" r="1.3" fill="#fff"/>'
