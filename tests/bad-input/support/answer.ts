/** An answer as it came: nothing is parsed, so that everything can be looked at. */
export interface Answer {
  status: number
  headers: Map<string, string>
  text: string
}

export interface Message {
  method?: string
  token?: string | undefined
  headers?: Record<string, string>
  /** Sent as JSON. */
  json?: unknown
  /** Sent as a form. */
  form?: string
  /** Sent as it is, with the content type of `headers`. */
  body?: string | Uint8Array<ArrayBuffer>
}

/** Sends a message through fetch; POST unless it says otherwise. */
export async function send(url: string, path: string, message: Message = {}): Promise<Answer> {
  const { method = 'POST', token, json, form, body } = message
  const type =
    json === undefined ? (form === undefined ? undefined : 'application/x-www-form-urlencoded') : 'application/json'
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      ...(type === undefined ? {} : { 'content-type': type }),
      ...(token === undefined ? {} : { authorization: token }),
      ...message.headers,
    },
    body: json === undefined ? (form ?? body ?? null) : JSON.stringify(json),
    redirect: 'manual',
  })
  return { status: response.status, headers: new Map(response.headers), text: await response.text() }
}
