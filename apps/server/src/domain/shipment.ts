/** How goods reach the user; `elsewhere` was entered in WeChat's own console. */
export type ShippingWay = 'express' | 'city' | 'pickup' | 'virtual'

export type ShipmentStatus = 'recorded' | 'uploaded' | 'refused'

/** What the shop says about the shipping of one order. */
export interface ShipmentFacts {
  how: ShippingWay
  /** WeChat's id of the carrier (`SF`, `ZTO` …); with express only. */
  company?: string
  trackingNo?: string
  /** The receiver's phone, all but the last four digits masked; SF wants it. */
  contact?: string
}

export interface Shipment {
  merchantId: string
  orderNumber: string
  /** From 1; grows when a shipment that WeChat refused is recorded anew. */
  revision: number
  how: ShippingWay | 'elsewhere'
  company: string | undefined
  trackingNo: string | undefined
  contact: string | undefined
  status: ShipmentStatus
  refusal: string | undefined
  recordedAt: Date
  uploadedAt: Date | undefined
  confirmedAt: Date | undefined
  settledAt: Date | undefined
}

/** WeChat wants shipping information within 48 hours of the payment; a person is told while there is time. */
export const shippingDueSeconds = 36 * 60 * 60

const codeForm = /^[A-Z0-9_]{1,128}$/
const numberForm = /^[0-9A-Za-z-]{1,128}$/
/** `189****1234`: the last four visible, and not more than a carrier needs. */
const contactForm = /^[0-9+-]{0,5}\*{4,8}[0-9]{4}$/

/** What is wrong with the facts of a shipment, in words; undefined when WeChat can be told. */
export function shipmentProblem(facts: ShipmentFacts): string | undefined {
  if (facts.how !== 'express') {
    return facts.company === undefined && facts.trackingNo === undefined
      ? undefined
      : 'Only express has a company and a tracking number.'
  }
  if (!codeForm.test(facts.company ?? '')) return 'The company is the id of the carrier at WeChat, such as SF or ZTO.'
  if (!numberForm.test(facts.trackingNo ?? '')) return 'The tracking number is 1 to 128 letters, digits and hyphens.'
  if (facts.contact !== undefined && !contactForm.test(facts.contact))
    return 'Of the phone only the last four digits are told, as ****1234.'
  if (facts.company === 'SF' && facts.contact === undefined)
    return "SF needs the last four digits of the receiver's phone."
  return undefined
}

/** `牛肉面*2；茶叶蛋*1`: what was bought, in one line. */
export function itemDescription(lines: readonly { name: string; quantity: number }[]): string {
  return lines.map(({ name, quantity }) => `${name}*${quantity}`).join('；')
}
