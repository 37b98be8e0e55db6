import type { StoryEntry } from '../server/story-entry.ts'

/** Which lines are shown. */
export interface StoryFilter {
  readonly kind: string
  readonly text: string
}

export function isShown(entry: StoryEntry, { kind, text }: StoryFilter): boolean {
  if (kind === 'steps' && entry.step === undefined) return false
  if (kind === 'wechat' && entry.from !== 'wechat' && entry.to !== 'wechat') return false
  if (kind === 'bad' && entry.verdict?.ok !== false) return false
  if (text === '') return true
  const haystack = [entry.title, entry.request?.url, entry.request?.body, entry.answer?.body, entry.verdict?.code]
  return haystack.join('\n').toLowerCase().includes(text.toLowerCase())
}
