/** The three who take part: the mini program on the phone, the merchant's back end, WeChat. */
export type Party = 'phone' | 'server' | 'wechat'

/**
 * `request` is wx.request; `wx` a call of the phone to WeChat; `call` one of the back end to WeChat; `notify` WeChat's
 * own; `event` what the phone says of itself; `control` what a person did on the desktop page.
 */
export type StoryKind = 'request' | 'wx' | 'call' | 'notify' | 'event' | 'control'

/** 1 login, 2 order, 3 prepay, 4 pay, 5 notify, 6 check. */
export type Step = 1 | 2 | 3 | 4 | 5 | 6

/** What was sent or answered. A body that is no text is described in angle brackets. */
export interface StoryMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A request of the story. */
export interface StoryRequest extends StoryMessage {
  readonly method: string
  /** Whole; WeChat's hosts are the simulated one. */
  readonly url: string
}

/** An answer of the story; status 0 is no answer. */
export interface StoryAnswer extends StoryMessage {
  readonly status: number
}

/** How a message ended. */
export interface StoryVerdict {
  readonly ok: boolean
  readonly code: string
  readonly message?: string
  /** Where the string that was signed parts from the one that WeChat checks. */
  readonly differsAt?: string
}

/** One line of the story. The same id again replaces the line, as when an answer arrives. */
export interface StoryEntry {
  readonly id: string
  /** Wall clock, milliseconds. */
  readonly at: number
  readonly from: Party
  readonly to: Party
  readonly kind: StoryKind
  readonly step?: Step
  /** What happens, in a few Chinese words: 提交订单. */
  readonly what: string
  /** The call as a developer names it: POST /order/submit. */
  readonly call: string
  /** The whole line in Chinese: 小程序 → 后端 提交订单 POST /order/submit 200. */
  readonly title: string
  /** One Chinese sentence: why this message is sent. */
  readonly why: string
  readonly request?: StoryRequest
  readonly answer?: StoryAnswer
  /** The exact string under the request's signature; a v2 key in it is hidden. */
  readonly signedString?: string
  /** The exact string under the answer's signature. */
  readonly answerSignedString?: string
  /** A v3 notification's resource, decrypted. */
  readonly decrypted?: string
  /** Missing while there is no answer yet. */
  readonly verdict?: StoryVerdict
  readonly ms?: number
  /** Faults of the simulated WeChat that shaped this message. */
  readonly faults?: readonly string[]
}

/** An entry before the story has given it its place. */
export type StoryDraft = Omit<StoryEntry, 'title'>
