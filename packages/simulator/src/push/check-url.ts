import type { Notifier } from '../delivery/notifier.ts'
import type { PostOutcome } from '../delivery/post.ts'
import type { PushTarget } from '../engine/after-payment-records.ts'
import { alphabets, randomText } from '../engine/random.ts'
import { wholeSeconds } from '../engine/whole-seconds.ts'
import type { World } from '../world.ts'
import { logPosted } from './log-posted.ts'
import { signedQuery, withQuery } from './push-body.ts'

/** Whether the back end answered the check of its push URL; `detail` says what was wrong. */
export interface UrlCheck {
  readonly ok: boolean
  readonly status?: number
  readonly detail?: string
}

/** The console's URL check (after-payment.md 3.2): a signed GET whose echostr must come back, and nothing else. */
export async function checkPushUrl(world: World, notifier: Notifier, { url, token }: PushTarget): Promise<UrlCheck> {
  const echostr = randomText(world.random, alphabets.digits, 19)
  const address = withQuery(url, { ...signedQuery(world.random, token, wholeSeconds(world.clock.wallMs())), echostr })
  const headers = { 'User-Agent': 'Mozilla/4.0' }
  const sent = { atMs: world.clock.nowMs(), method: 'GET' as const, url: address, headers, body: '', faults: [] }
  const answer = await notifier.get(address, headers)
  const check = judge(answer, echostr)
  const { ok, detail } = check
  logPosted(world, sent, answer, {
    outcome: ok ? 'acknowledged' : 'refused',
    ...(detail === undefined ? {} : { detail }),
  })
  return check
}

function judge(answer: PostOutcome, echostr: string): UrlCheck {
  if (answer.kind !== 'answered') return { ok: false, detail: answer.detail }
  const { status, body } = answer
  if (status === 200 && body === echostr) return { ok: true, status }
  return { ok: false, status, detail: 'the answer must be HTTP 200 and the echostr, nothing else' }
}
