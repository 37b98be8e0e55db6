import type { Problem } from '../build/build-error.ts'
import type { Party, StoryDraft, StoryEntry } from './story-entry.ts'

const keptMax = 1000
const partyNames: Readonly<Record<Party, string>> = { phone: '小程序', server: '后端', wechat: '微信' }

/** What a listener of the story is told. */
export type StoryNews =
  | { readonly type: 'story'; readonly entries: readonly StoryEntry[] }
  | { readonly type: 'entry'; readonly entry: StoryEntry }
  | { readonly type: 'build'; readonly problems: readonly Problem[] }
  | { readonly type: 'reload' }
  | { readonly type: 'wechat'; readonly reachable: boolean }

/** The last 1,000 lines, in the order in which they became known, and who listens. */
export class Story {
  readonly #entries = new Map<string, StoryEntry>()
  readonly #listeners = new Set<(news: StoryNews) => void>()
  #nextId = 1

  get listened(): boolean {
    return this.#listeners.size > 0
  }

  get entries(): readonly StoryEntry[] {
    return [...this.#entries.values()]
  }

  newId(): string {
    return `p${this.#nextId++}`
  }

  /** Adds a line, or replaces the one with the same id. */
  put(draft: StoryDraft): void {
    const entry: StoryEntry = { ...draft, title: titleOf(draft) }
    this.#entries.set(entry.id, entry)
    if (this.#entries.size > keptMax) {
      const [oldest] = this.#entries.keys()
      if (oldest !== undefined) this.#entries.delete(oldest)
    }
    this.tell({ type: 'entry', entry })
  }

  clear(): void {
    this.#entries.clear()
    this.tell({ type: 'story', entries: [] })
  }

  tell(news: StoryNews): void {
    for (const listener of this.#listeners) listener(news)
  }

  /** Tells the whole story so far and everything from now on. Answers how to stop. */
  listen(listener: (news: StoryNews) => void): () => void {
    this.#listeners.add(listener)
    listener({ type: 'story', entries: this.entries })
    return () => this.#listeners.delete(listener)
  }
}

function titleOf({ from, to, what, call, answer, verdict }: StoryDraft): string {
  const way = from === to ? partyNames[from] : `${partyNames[from]} → ${partyNames[to]}`
  const end = verdict === undefined ? '…' : answer === undefined ? verdict.code : String(answer.status || '无应答')
  return [way, what, call, end].filter((part) => part !== '').join('  ')
}
