import { toRfc3339 } from '../engine/beijing-time.ts'
import type { RequestLogEntry } from '../engine/request-log.ts'
import type { Control, ControlAnswer } from './control.ts'
import { queryInteger } from './input.ts'

/** GET /_sim/requests `?since=&limit=&path=`: every message seen, both ways, oldest first. */
export function listRequests({ world, call }: Control): ControlAnswer {
  const since = queryInteger(call.query, 'since')
  const limit = queryInteger(call.query, 'limit')
  const path = call.query.get('path')
  const entries = world.requests.list({
    ...(since === undefined ? {} : { since }),
    ...(limit === undefined ? {} : { limit }),
    ...(path === null ? {} : { path }),
  })
  return { body: { requests: entries.map(describe) } }
}

/** DELETE /_sim/requests. */
export function clearRequests({ world }: Control): ControlAnswer {
  world.requests.clear()
  return { body: { requests: [] } }
}

const describe = ({ verdict, ...entry }: RequestLogEntry): object => ({
  id: entry.id,
  at: toRfc3339(entry.atMs),
  direction: entry.direction,
  method: entry.method,
  path: entry.path,
  headers: entry.headers,
  body: entry.requestBody,
  status: entry.status,
  response_headers: entry.responseHeaders,
  response_body: entry.responseBody,
  verdict: {
    ok: verdict.ok,
    code: verdict.code,
    message: verdict.message,
    signed_string: verdict.signedString,
    differs_at: verdict.differsAt,
  },
  faults: entry.faults,
})
