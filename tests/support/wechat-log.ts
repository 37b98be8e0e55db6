import type { Wechat } from './shop.ts'

/** A message as WeChat's log keeps it: a call of ours (`in`), or a notification (`out`, with its whole address). */
export interface SeenMessage {
  direction: 'in' | 'out'
  path: string
  body: string
  status: number
  response_headers: Record<string, string>
  response_body: string
  headers: Record<string, string>
}

/** What WeChat has seen whose address contains `path`, oldest first. */
export async function seenMessages(wechat: Wechat, path: string): Promise<SeenMessage[]> {
  const { requests } = await wechat.control<{ requests: SeenMessage[] }>(
    `/_sim/requests?path=${encodeURIComponent(path)}`,
  )
  return requests
}
