import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Simulator, startSimulator } from '@fenpay/simulator'
import { type Phone, startPhone } from '../src/index.ts'
import type { StoryNews } from '../src/server/story.ts'
import type { StoryEntry } from '../src/server/story-entry.ts'
import { KioskBackEnd } from './kiosk-back-end.ts'

export const kiosk = fileURLToPath(new URL('./fixtures/kiosk', import.meta.url))

/** A simulated WeChat, the kiosk's back end, and a phone that runs a copy of the kiosk. */
export interface Stage {
  readonly phone: Phone
  readonly wechat: Simulator
  readonly backEnd: KioskBackEnd
  readonly backEndUrl: string
  readonly folder: string
  readonly logged: string[]
  close(): Promise<void>
}

export async function startStage(payApi: 'v2' | 'v3' = 'v3'): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'fenpay-phone-'))
  await cp(kiosk, folder, { recursive: true })
  const wechat = await startSimulator({ port: 0 })
  const backEnd = new KioskBackEnd(wechat.url, payApi)
  const backEndUrl = await backEnd.start()
  const logged: string[] = []
  const log = (line: string) => logged.push(line)
  const phone = await startPhone({ folder, port: 0, wechatUrl: wechat.url, apiUrl: backEndUrl, log })
  return {
    phone,
    wechat,
    backEnd,
    backEndUrl,
    folder,
    logged,
    close: async () => {
      await phone.close()
      await backEnd.close()
      await wechat.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Asks the phone's server as its screen does. */
export async function ask(phone: Phone, path: string, body: object = {}): Promise<Record<string, unknown>> {
  const answer = await fetch(`${phone.url}/_phone/${path}`, { method: 'POST', body: JSON.stringify(body) })
  return (await answer.json()) as Record<string, unknown>
}

/** wx.request as the phone's screen sends it; the answer's data, read as JSON. */
export async function wxPost(phone: Phone, path: string, data: object, token = ''): Promise<Record<string, unknown>> {
  const url = `http://127.0.0.1:3000${path}`
  const header = { 'content-type': 'application/json', authorization: token }
  const answer = await ask(phone, 'request', { url, method: 'POST', header, data: JSON.stringify(data), timeout: 5000 })
  return JSON.parse(String(answer['data'])) as Record<string, unknown>
}

/** One who listens to the story. */
export class Listener {
  readonly news: StoryNews[] = []
  readonly #stop = new AbortController()
  readonly #entries = new Map<string, StoryEntry>()

  static async to(phone: Phone): Promise<Listener> {
    const listener = new Listener()
    const answer = await fetch(`${phone.url}/_phone/story`, { signal: listener.#stop.signal })
    listener.#read(answer).catch(() => {
      // Stopped.
    })
    await listener.until('the story so far', () => listener.news.some(({ type }) => type === 'story'))
    return listener
  }

  /** What a reader sees now: the newest version of each line, in order. */
  get entries(): readonly StoryEntry[] {
    return [...this.#entries.values()]
  }

  stop(): void {
    this.#stop.abort()
  }

  async until(what: string, check: () => boolean, limitMs = 5000): Promise<void> {
    const end = Date.now() + limitMs
    while (!check()) {
      if (Date.now() > end) throw new Error(`not within ${limitMs} ms: ${what}; told: ${JSON.stringify(this.news)}`)
      await delay(10)
    }
  }

  async #read(answer: Response): Promise<void> {
    let left = ''
    const decoder = new TextDecoder()
    for await (const chunk of answer.body ?? []) {
      const parts = (left + decoder.decode(chunk, { stream: true })).split('\n\n')
      left = parts.pop() ?? ''
      for (const part of parts) this.#hear(JSON.parse(part.replace(/^data: /, '')) as StoryNews)
    }
  }

  #hear(news: StoryNews): void {
    this.news.push(news)
    if (news.type === 'story') this.#entries.clear()
    if (news.type === 'story') for (const entry of news.entries) this.#entries.set(entry.id, entry)
    if (news.type === 'entry') this.#entries.set(news.entry.id, news.entry)
  }
}
