import { shopCall } from './known-calls.ts'
import { paySignedString } from './signed-strings.ts'
import type { Story } from './story.ts'
import type { StoryDraft, StoryVerdict } from './story-entry.ts'
import type { Wechat, WechatReply } from './wechat.ts'
import type { WechatMessages } from './wechat-messages.ts'
import { carryOut, readWxRequest, type WxOutcome, type WxRequest } from './wx-request.ts'

type Input = Readonly<Record<string, unknown>>

/** What a call of the phone is answered. */
export interface PhoneAnswer {
  readonly status: number
  readonly body: object
}

/** What the phone's calls need. */
export interface PhoneCallsOptions {
  readonly story: Story
  readonly messages: WechatMessages
  readonly wechat: Wechat
  readonly apiUrl: string
  /** Origins that the mini program names, and where they are served instead. */
  readonly apiOverrides: Readonly<Record<string, string>> | undefined
  /** The mini program's appid, for the Referer that WeChat sends. */
  readonly appid: () => string
}

const wechatTexts: Readonly<Record<string, { what: string; call: string; why: string; step: 1 | 4 }>> = {
  login: {
    what: '微信给一个登录 code',
    call: 'wx.login',
    why: 'code 五分钟内有效、只能用一次，单独拿着它什么也做不了：要后端凭 AppSecret 去换。',
    step: 1,
  },
  phoneNumber: {
    what: '用户允许提供手机号',
    call: 'getPhoneNumber',
    why: '微信只给小程序一个 code，号码由后端去换。',
    step: 1,
  },
  preview: {
    what: '打开收银台',
    call: 'wx.requestPayment',
    why: '小程序把后端签好的五个参数原样交给微信。微信核对 paySign，金额和商户名都来自微信自己的登记，小程序改不了。',
    step: 4,
  },
  confirm: {
    what: '用户输入密码，付款',
    call: 'wx.requestPayment',
    why: '钱在微信里动了。小程序收到的 ok 只是提示，不是证据：货不能凭它发。',
    step: 4,
  },
  cancel: {
    what: '用户关掉收银台',
    call: 'wx.requestPayment',
    why: '“取消”也只是手机的一面之词，所以接下来照样要问后端。',
    step: 4,
  },
}

/** The calls that the phone's screen makes, each carried out and told in the story. */
export class PhoneCalls {
  readonly #options: PhoneCallsOptions

  constructor(options: PhoneCallsOptions) {
    this.#options = options
  }

  /** wx.request. `signal` ends it when the phone hangs up. */
  async request(input: Input, signal: AbortSignal): Promise<PhoneAnswer> {
    const { story, messages, apiUrl, appid } = this.#options
    const asked = readWxRequest(input, appid())
    const wxRequest = { ...asked, url: this.#servedUrl(asked.url) }
    // What happened before this request stands before it in the story.
    await messages.pull()
    const startedAt = Date.now()
    const draft = this.#requestDraft(wxRequest, startedAt)
    story.put(draft)
    const outcome = await carryOut(wxRequest, apiUrl, signal)
    await messages.pull()
    story.put(withOutcome(draft, outcome, Date.now() - startedAt))
    if (outcome.kind === 'failed') return { status: 200, body: { errMsg: outcome.errMsg, errno: outcome.errno } }
    const { status: statusCode, headers: header, body } = outcome
    const binary = input['responseType'] === 'arraybuffer'
    const data = binary ? { dataBase64: body.toString('base64') } : { data: body.toString('utf8') }
    return { status: 200, body: { statusCode, header, ...data } }
  }

  #servedUrl(url: string): string {
    const { apiOverrides = {} } = this.#options
    const origin = URL.canParse(url) ? new URL(url).origin : ''
    const served = apiOverrides[origin]
    return served === undefined ? url : served + url.slice(origin.length)
  }

  #requestDraft({ url, method, headers, body }: WxRequest, at: number): StoryDraft {
    const { story, wechat } = this.#options
    const target = URL.canParse(url) ? new URL(url) : undefined
    const { what, why, step } = shopCall(method, target === undefined ? url : target.pathname + target.search)
    return {
      id: story.newId(),
      at,
      from: 'phone',
      to: target?.host === new URL(wechat.url).host ? 'wechat' : 'server',
      kind: 'request',
      ...(step === undefined ? {} : { step }),
      what,
      call: `${method} ${target?.pathname ?? url}`,
      why,
      request: { method, url, headers, body: textOf(body) },
    }
  }

  /** wx.login, the payment sheet, the phone-number button: passed on to the simulated WeChat. */
  async wechatCall(name: 'login' | 'requestPayment' | 'phoneNumber', input: Input): Promise<PhoneAnswer> {
    const { story, messages, wechat } = this.#options
    const action = String(input['action'])
    const texts = wechatTexts[name === 'requestPayment' ? action : name]
    await messages.pull()
    const dropped = action === 'confirm' && (await this.#dropsNotifications())
    const startedAt = Date.now()
    const path = `/_sim/wx/${name}`
    const reply = await wechat.ask('POST', path, input)
    const call = texts?.call ?? `wx.${name}`
    const signed =
      name === 'requestPayment'
        ? (textAt(reply.body, 'signed_string') ?? paySignedString(String(input['appid']), input))
        : undefined
    story.put({
      id: story.newId(),
      at: startedAt,
      from: 'phone',
      to: 'wechat',
      kind: 'wx',
      what: texts?.what ?? name,
      call,
      why: texts?.why ?? '',
      ...(texts === undefined ? {} : { step: texts.step }),
      request: { method: 'POST', url: new URL(path, wechat.url).href, headers: {}, body: JSON.stringify(input) },
      answer: { status: reply.status, headers: {}, body: JSON.stringify(reply.body) },
      ...(signed === undefined ? {} : { signedString: signed }),
      verdict: verdictOf(reply),
      ms: Date.now() - startedAt,
    })
    if (dropped && reply.body['errMsg'] === 'requestPayment:ok') this.#tellDropped()
    return { status: reply.status, body: reply.body }
  }

  /** What the phone reports of itself: `{kind, text, detail?}`. */
  event(input: Input): void {
    const { story } = this.#options
    const { kind, text, detail } = input
    const failed = typeof kind === 'string' && kind.includes('error')
    story.put({
      id: story.newId(),
      at: Date.now(),
      from: 'phone',
      to: 'phone',
      kind: 'event',
      what: String(text ?? kind ?? ''),
      call: '',
      why: typeof detail === 'string' ? detail : '',
      ...(typeof detail === 'object' && detail !== null
        ? { request: { method: '', url: '', headers: {}, body: JSON.stringify(detail) } }
        : {}),
      verdict: { ok: !failed, code: typeof kind === 'string' ? kind : 'event' },
    })
  }

  /** Business time of the simulated WeChat: `{seconds}`. */
  async advanceClock(input: Input): Promise<PhoneAnswer> {
    const { story, messages, wechat } = this.#options
    const draft: StoryDraft = {
      id: story.newId(),
      at: Date.now(),
      from: 'wechat',
      to: 'wechat',
      kind: 'control',
      what: `快进 ${spanText(Number(input['seconds']))}`,
      call: '',
      why: '微信的时间往前走：到点的通知会重发，订单和 prepay_id 会过期。后端用的仍是这台电脑的时间。',
    }
    await messages.pull()
    story.put(draft)
    const reply = await wechat.ask('POST', '/_sim/clock/advance', input)
    story.put({ ...draft, verdict: { ok: reply.status < 400, code: textAt(reply.body, 'now') ?? '' } })
    await messages.pull()
    return reply
  }

  async #dropsNotifications(): Promise<boolean> {
    const { body } = await this.#options.wechat.ask('GET', '/_sim/faults')
    const faults = (body['faults'] ?? []) as readonly { readonly name: string }[]
    return faults.some(({ name }) => name === 'notify.drop')
  }

  #tellDropped(): void {
    const { story } = this.#options
    story.put({
      id: story.newId(),
      at: Date.now(),
      from: 'wechat',
      to: 'server',
      kind: 'notify',
      step: 5,
      what: '支付通知丢了',
      call: 'notify.drop',
      why: '这是你设的故障：微信发出了通知，后端没有收到。钱已经付了，后端要靠查单自己发现；微信之后还会重发。',
      verdict: { ok: false, code: '未送达' },
      faults: ['notify.drop'],
    })
  }
}

function spanText(seconds: number): string {
  if (seconds % 86_400 === 0) return `${seconds / 86_400} 天`
  if (seconds % 60 === 0) return `${seconds / 60} 分钟`
  return `${seconds} 秒`
}

function withOutcome(draft: StoryDraft, outcome: WxOutcome, ms: number): StoryDraft {
  if (outcome.kind === 'failed') {
    const answer = { status: 0, headers: {}, body: '' }
    return { ...draft, answer, ms, verdict: { ok: false, code: outcome.errMsg, message: `errno ${outcome.errno}` } }
  }
  const { status, headers } = outcome
  const body = textOf(outcome.body)
  return { ...draft, answer: { status, headers, body }, ms, verdict: httpVerdict(status, body) }
}

function httpVerdict(status: number, body: string): StoryVerdict {
  const ok = status >= 200 && status < 400
  if (ok) return { ok, code: String(status) }
  try {
    const { code, detail } = JSON.parse(body) as { code?: unknown; detail?: unknown }
    return {
      ok,
      code: typeof code === 'string' ? code : String(status),
      ...(typeof detail === 'string' ? { message: detail } : {}),
    }
  } catch {
    return { ok, code: String(status) }
  }
}

function verdictOf({ status, body }: WechatReply): StoryVerdict {
  const code = textAt(body, 'errMsg') ?? textAt(body, 'code') ?? String(status)
  const message = textAt(body, 'reason') ?? textAt(body, 'message')
  const differsAt = textAt(body, 'differs_at')
  return {
    // A cancel is the user's choice, and no mistake of anybody.
    ok: status < 400 && (code.endsWith(':ok') || code.endsWith('fail cancel')),
    code,
    ...(message === undefined ? {} : { message }),
    ...(differsAt === undefined ? {} : { differsAt }),
  }
}

function textAt(body: Input, name: string): string | undefined {
  const value = body[name]
  return typeof value === 'string' ? value : undefined
}

const shownLengthMax = 65_536

/** A body as text; one that is no text is only measured. */
function textOf(body: Buffer): string {
  const text = body.toString('utf8')
  if (text.includes('\uFFFD') || text.includes('\0')) return `<${body.length} 字节>`
  return text.length > shownLengthMax ? `${text.slice(0, shownLengthMax)}…` : text
}
