import { encryptPush, pushSignature } from '../crypto/push-cipher.ts'
import type { Push, PushTarget, PushValue } from '../engine/after-payment-records.ts'
import { alphabets, type RandomBytes, randomText } from '../engine/random.ts'

/** A push ready to be sent. */
export interface PushMessage {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Writes, encrypts and signs a push afresh, in the app's mode and format (after-payment.md 3). `timestamp` is in seconds. */
export function composePush(random: RandomBytes, target: PushTarget, push: Push, timestamp: number): PushMessage {
  const { token, encodingAesKey, mode, format, originalId, appid } = target
  const event = {
    ToUserName: originalId,
    FromUserName: push.fromUser,
    CreateTime: push.createTime,
    MsgType: 'event',
    Event: push.event,
  }
  const plain = { ...event, ...push.fields }
  const query = signedQuery(random, token, timestamp)
  const send = (content: Content, more: Readonly<Record<string, string>>): PushMessage => ({
    url: withQuery(target.url, { ...query, openid: push.fromUser, ...more }),
    headers: {
      'Content-Type': format === 'JSON' ? 'application/json; charset=utf-8' : 'text/xml; charset=utf-8',
      'User-Agent': 'Mozilla/4.0',
    },
    body: write(content, format, push.event),
  })
  if (mode === 'plain') return send(plain, {})
  const salt = randomText(random, alphabets.alphanumeric, 16)
  const sealed = encryptPush(write(plain, format, push.event), appid, encodingAesKey, salt)
  const signature = pushSignature(token, query.timestamp, query.nonce, sealed)
  const content = mode === 'secure' ? { ToUserName: originalId } : plain
  return send({ ...content, Encrypt: sealed }, { encrypt_type: 'aes', msg_signature: signature })
}

/** The query that every call of the push machinery carries. */
export function signedQuery(
  random: RandomBytes,
  token: string,
  timestamp: number,
): { signature: string; timestamp: string; nonce: string } {
  const nonce = randomText(random, alphabets.digits, 10)
  return { signature: pushSignature(token, String(timestamp), nonce), timestamp: String(timestamp), nonce }
}

/** The address with these parameters added to its own. */
export function withQuery(address: string, parameters: Readonly<Record<string, string>>): string {
  const url = new URL(address)
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
  return url.href
}

type Content = Readonly<Record<string, PushValue>>

// JSON shows a list of one entry as the entry itself. XML wraps lists in an element named after the event.
function write(content: Content, format: PushTarget['format'], event: string): string {
  if (format === 'JSON') {
    const shown = Object.entries(content).map(([name, value]) => [
      name,
      typeof value === 'object' && value.length === 1 ? value[0] : value,
    ])
    return JSON.stringify(Object.fromEntries(shown))
  }
  const wrapper = event.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
  const elements = Object.entries(content).map(([name, value]) =>
    typeof value === 'object'
      ? element(wrapper, value.map((entry) => element(name, leaves(entry))).join(''))
      : leaves({ [name]: value }),
  )
  return element('xml', elements.join(''))
}

const element = (name: string, inner: string): string => `<${name}>${inner}</${name}>`
const leaves = (entry: Readonly<Record<string, string | number>>): string =>
  Object.entries(entry)
    .map(([name, value]) => element(name, typeof value === 'number' ? String(value) : cdata(value)))
    .join('')
const cdata = (text: string): string => `<![CDATA[${text.replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
