/** One parcel, or one handing-over, of a shipped order. */
export interface Parcel {
  /** Express only. */
  readonly trackingNo?: string
  readonly expressCompany?: string
  readonly itemDesc: string
  readonly consignorContact?: string
  readonly receiverContact?: string
  /** upload_time of the call that brought it. */
  readonly uploadedAtMs: number
}

/** What the merchant told about the shipping of an order. */
export interface Shipping {
  /** 1 express, 2 same-city, 3 virtual, 4 pickup. */
  readonly logisticsType: number
  /** 1 unified, 2 split. */
  readonly deliveryMode: number
  readonly parcels: readonly Parcel[]
  /** upload_time of the last call. */
  readonly uploadedAtMs: number
  /** Business time of the call that made the shipping complete; absent while parcels are missing. */
  readonly finishedAtMs?: number
}

/** A paid order as shipping management sees it: separate from the payment order, and known a little later. */
export interface ShippingOrder {
  readonly mchid: string
  readonly outTradeNo: string
  readonly appid: string
  readonly openid: string
  readonly transactionId: string
  readonly description: string
  readonly totalFen: number
  readonly createdAtMs: number
  readonly paidAtMs: number
  /** Before this the APIs do not know it. */
  readonly knownAtMs: number
  /** When the merchant is reminded to ship. */
  readonly shipByMs: number
  readonly reminded: boolean
  readonly special?: 'presale' | 'test'
  readonly shipping?: Shipping
  /** How often shipping was completed: 2 after the one re-ship. */
  readonly finishCount: number
  readonly reshipUsed: boolean
  /** Whether notify_confirm_receive was called. */
  readonly confirmAsked: boolean
  readonly inComplaint: boolean
  readonly confirmed?: { readonly atMs: number; readonly method: 'automatic' | 'manual' }
  readonly settledAtMs?: number
  /** When the clock does something about it; absent when it does not. */
  readonly dueAtMs?: number
}

/** Shipping management of one Mini Program. */
export interface TradeManagement {
  readonly appid: string
  readonly managed: boolean
  readonly agreementDone: boolean
  /** How long after the payment an order becomes known. */
  readonly knownAfterSeconds: number
  readonly everShipped: boolean
  readonly jumpPath: string
  /** When the next reminder to use the API is due. */
  readonly dueAtMs?: number
}

export type PushMode = 'plain' | 'compatible' | 'secure'
export type PushFormat = 'JSON' | 'XML'

/** Where and how an app gets its message pushes. */
export interface PushTarget {
  readonly appid: string
  /** The Mini Program's original id, gh_…. */
  readonly originalId: string
  /** The system's account that events come from. */
  readonly systemOpenid: string
  readonly url: string
  readonly token: string
  readonly encodingAesKey: string
  readonly mode: PushMode
  readonly format: PushFormat
}

/** A value in a push: text, number, or a list of flat objects. */
export type PushValue = string | number | readonly Readonly<Record<string, string | number>>[]

/** One try at a push. */
export interface PushDelivery {
  /** Business time. */
  readonly atMs: number
  readonly outcome: 'acknowledged' | 'refused' | 'timeout' | 'unreachable' | 'not-sent' | 'answer-ignored'
  readonly status?: number
  readonly detail?: string
  readonly faults: readonly string[]
}

/** An event pushed to a Mini Program's back end. FromUserName, CreateTime and Event together are its own. */
export interface Push {
  readonly appid: string
  readonly fromUser: string
  /** Seconds. */
  readonly createTime: number
  readonly event: string
  readonly fields: Readonly<Record<string, PushValue>>
  readonly dueAtMs?: number
  readonly deliveries: readonly PushDelivery[]
}

/** A template for subscribe messages, chosen by one app. */
export interface SubscribeTemplate {
  readonly templateId: string
  readonly appid: string
  readonly title: string
  /** Such as thing1: the type and a number. */
  readonly keys: readonly string[]
  /** Allowed values of the enum keys. */
  readonly enums: Readonly<Record<string, readonly string[]>>
}

/** How many messages of one template a user will still take. */
export interface Subscription {
  readonly openid: string
  readonly templateId: string
  readonly left: number
}

/** Something that the user's phone shows under service notifications. */
export interface PhoneMessage {
  readonly id: string
  readonly appid: string
  readonly openid: string
  readonly atMs: number
  readonly kind: 'subscribe' | 'shipped' | 'confirm-receive'
  readonly title: string
  readonly data: Readonly<Record<string, string>>
  /** What a tap opens; empty is the platform's own page, or none. */
  readonly page: string
  readonly templateId?: string
  readonly miniprogramState?: string
  readonly lang?: string
}
