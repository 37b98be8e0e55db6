import type { PostOutcome } from '../delivery/post.ts'
import type { World } from '../world.ts'

/** What was sent. */
export interface Posted {
  readonly atMs: number
  readonly method: 'POST' | 'GET'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly faults: readonly string[]
}

/** Keeps a sent message and its answer for GET /_sim/requests. `acknowledged` is the outcome that counts as success. */
export function logPosted(
  { requests }: World,
  { atMs, method, url, headers, body, faults }: Posted,
  answer: PostOutcome,
  result: { readonly outcome: string; readonly detail?: string },
): void {
  const answered = answer.kind === 'answered'
  requests.add({
    atMs,
    direction: 'out',
    method,
    path: url,
    headers,
    requestBody: body,
    status: answered ? answer.status : 0,
    responseHeaders: answered ? answer.headers : {},
    responseBody: answered ? answer.body : '',
    verdict: {
      ok: result.outcome === 'acknowledged',
      code: result.outcome,
      ...(result.detail === undefined ? {} : { message: result.detail }),
    },
    faults,
  })
}
