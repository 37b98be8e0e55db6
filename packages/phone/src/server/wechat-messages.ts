import { createDecipheriv } from 'node:crypto'
import { notification, wechatCall } from './known-calls.ts'
import { requestSignedString, wechatSignedString } from './signed-strings.ts'
import type { Story } from './story.ts'
import type { StoryDraft } from './story-entry.ts'
import { type Wechat, WechatUnreachableError } from './wechat.ts'

/** A message as `GET /_sim/requests` tells it. */
interface Message {
  readonly id: number
  readonly direction: 'in' | 'out'
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly status: number
  readonly response_headers: Readonly<Record<string, string>>
  readonly response_body: string
  readonly verdict: {
    readonly ok: boolean
    readonly code: string
    readonly message?: string
    readonly signed_string?: string
    readonly differs_at?: string
  }
  readonly faults: readonly string[]
}

const pullEveryMs = 300

/** Brings the simulated WeChat's messages into the story, as they happen. */
export class WechatMessages {
  readonly #wechat: Wechat
  readonly #story: Story
  /** The last message taken over; `none` when there was none yet. */
  #newest: Message | 'none' | undefined
  /** How often WeChat has started anew. */
  #run = 0
  #apiV3Keys: readonly string[] = []
  #reachable: boolean | undefined
  #last: Promise<void> = Promise.resolve()
  #timer: NodeJS.Timeout | undefined

  constructor(wechat: Wechat, story: Story) {
    this.#wechat = wechat
    this.#story = story
  }

  get reachable(): boolean | undefined {
    return this.#reachable
  }

  /** Takes over everything that WeChat has seen until now. What it saw before the first pull is not told. */
  pull(): Promise<void> {
    this.#last = this.#last.then(() => this.#pullOnce())
    return this.#last
  }

  /** Pulls every 300 ms, as long as anybody listens to the story. */
  start(): void {
    const round = async () => {
      if (this.#story.listened) await this.pull()
      if (this.#timer !== undefined) this.#timer = setTimeout(round, pullEveryMs)
    }
    this.#timer = setTimeout(round, 0)
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer)
    this.#timer = undefined
    await this.#last
  }

  async #pullOnce(): Promise<void> {
    try {
      for (const message of await this.#unseen()) {
        this.#newest = message
        await this.#tell(message)
      }
      this.#setReachable(true)
    } catch (error) {
      if (!(error instanceof WechatUnreachableError)) throw error
      this.#setReachable(false)
    }
  }

  async #unseen(): Promise<readonly Message[]> {
    const last = this.#newest
    if (last === undefined) {
      const [newest] = await this.#list('limit=1')
      this.#newest = newest ?? 'none'
      return []
    }
    if (last === 'none') return this.#list('since=0')
    // The last one again, to see that it is still the same: numbers begin anew with each start of WeChat.
    const [first, ...more] = await this.#list(`since=${last.id - 1}`)
    if (first?.id === last.id && JSON.stringify(first) === JSON.stringify(last)) return more
    if (first !== undefined && first.id > last.id) return [first, ...more]
    const all = await this.#list('since=0')
    if (all.length > 0) this.#run += 1
    return all
  }

  async #list(query: string): Promise<readonly Message[]> {
    const { body } = await this.#wechat.ask('GET', `/_sim/requests?${query}`)
    return (body['requests'] ?? []) as readonly Message[]
  }

  #setReachable(reachable: boolean): void {
    if (this.#reachable === reachable) return
    this.#reachable = reachable
    this.#story.tell({ type: 'wechat', reachable })
  }

  async #tell(message: Message): Promise<void> {
    // The phone's own calls are told by the phone.
    if (message.path.startsWith('/_sim/')) return
    const decrypted = message.direction === 'out' ? await this.#decrypt(message.body) : undefined
    const url = new URL(message.path, this.#wechat.url).href
    this.#story.put(draftOf(message, `w${this.#run}-${message.id}`, url, decrypted))
  }

  async #decrypt(body: string): Promise<string | undefined> {
    if (!body.startsWith('{')) return undefined
    const { resource } = JSON.parse(body) as { resource?: Resource }
    if (resource === undefined) return undefined
    const opened = open(resource, this.#apiV3Keys)
    if (opened !== undefined) return opened
    this.#apiV3Keys = (await this.#wechat.merchants()).map(({ api_v3_key: key }) => key)
    return open(resource, this.#apiV3Keys)
  }
}

function draftOf(message: Message, id: string, url: string, decrypted: string | undefined): StoryDraft {
  const { direction, method, path, headers, body, status, verdict } = message
  const incoming = direction === 'in'
  const { what, why, step } = incoming ? wechatCall(method, path) : notification(path)
  const signed = incoming ? requestSignedString(method, path, headers, body) : wechatSignedString(headers, body)
  const signedString = verdict.signed_string ?? signed
  const answerSigned = incoming ? wechatSignedString(message.response_headers, message.response_body) : undefined
  return {
    id,
    at: Date.now(),
    from: incoming ? 'server' : 'wechat',
    to: incoming ? 'wechat' : 'server',
    kind: incoming ? 'call' : 'notify',
    ...(step === undefined ? {} : { step }),
    what,
    call: `${method} ${new URL(url).pathname}`,
    why,
    request: { method, url, headers, body },
    answer: { status, headers: message.response_headers, body: message.response_body },
    ...(signedString === undefined ? {} : { signedString }),
    ...(answerSigned === undefined ? {} : { answerSignedString: answerSigned }),
    ...(decrypted === undefined ? {} : { decrypted }),
    verdict: {
      ok: verdict.ok,
      code: verdict.code,
      ...(verdict.message === undefined ? {} : { message: verdict.message }),
      ...(verdict.differs_at === undefined ? {} : { differsAt: verdict.differs_at }),
    },
    ...(message.faults.length === 0 ? {} : { faults: message.faults }),
  }
}

interface Resource {
  readonly ciphertext: string
  readonly nonce: string
  readonly associated_data?: string
}

const tagLength = 16

/** AEAD_AES_256_GCM of pay-v3.md 4, with the first of the keys that fits. */
function open(resource: Resource, keys: readonly string[]): string | undefined {
  const data = Buffer.from(resource.ciphertext, 'base64')
  for (const key of keys) {
    try {
      const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key), Buffer.from(resource.nonce), {
        authTagLength: tagLength,
      })
      decipher.setAuthTag(data.subarray(-tagLength))
      decipher.setAAD(Buffer.from(resource.associated_data ?? ''))
      return Buffer.concat([decipher.update(data.subarray(0, -tagLength)), decipher.final()]).toString('utf8')
    } catch {
      // Another merchant's key.
    }
  }
  return undefined
}
