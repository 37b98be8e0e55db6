/** What the phone's screen says to the page around it and to the phone's server. */

/** Reports what the story beside the phone tells: a login, a sheet that opened, a page, an error. */
export function report(kind: string, text: string, detail?: unknown): void {
  const body = JSON.stringify({ kind, text, detail: detail ?? null })
  fetch('/_phone/event', { method: 'POST', headers: { 'content-type': 'application/json' }, body }).catch(() => {})
}

/** Asks the phone's server; the answer's JSON. Rejects when the server cannot be reached or answers with an error. */
export async function ask(path: string, body: unknown, signal?: AbortSignal): Promise<Record<string, unknown>> {
  const answer = await fetch(`/_phone/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  })
  const json = (await answer.json().catch(() => ({}))) as Record<string, unknown>
  if (!answer.ok && !('errMsg' in json)) throw new Error(String(json['message'] ?? `HTTP ${answer.status}`))
  return json
}

/** Tells the page around the phone which page is shown. */
export function tellParent(state: { route: string; title: string; ready: boolean }): void {
  if (window.parent !== window) window.parent.postMessage({ type: 'fenpay-phone', state }, location.origin)
}

/** A message of the page around the phone. */
export interface ParentMessage {
  readonly type: 'fenpay-phone'
  readonly set?: Readonly<Record<string, unknown>>
  readonly do?: string
  readonly path?: string
}

export function onParentMessage(listener: (message: ParentMessage) => void): void {
  window.addEventListener('message', (event) => {
    if (event.source !== window.parent || event.origin !== location.origin) return
    const data = event.data as ParentMessage | null
    if (data?.type === 'fenpay-phone') listener(data)
  })
}
