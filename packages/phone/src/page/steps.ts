import type { Step } from '../server/story-entry.ts'

/** The six steps of a purchase, as a newcomer reads them. */
export const steps: readonly { readonly step: Step; readonly name: string; readonly sentence: string }[] = [
  { step: 1, name: '登录', sentence: '小程序用一次性的 code，让后端知道来的是谁' },
  { step: 2, name: '下单', sentence: '只说买什么；价格和库存由后端说了算' },
  { step: 3, name: '预支付', sentence: '后端向微信登记这笔钱，签好参数交给手机' },
  { step: 4, name: '付款', sentence: '微信亮出收银台，用户输入密码' },
  { step: 5, name: '通知', sentence: '微信主动告诉后端：钱到了' },
  { step: 6, name: '确认', sentence: '手机说的不算数，向后端、向微信问个明白' },
]

export const stepOf = (wanted: Step) => steps.find(({ step }) => step === wanted)
