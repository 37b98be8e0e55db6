import type { StoryRequest } from '../server/story-entry.ts'

const leftOut = ['content-length', 'connection', 'accept-encoding', 'host']

/** The same request for a terminal. */
export function curlOf({ method, url, headers, body }: StoryRequest): string {
  const lines = [`curl -i -X ${method} ${quote(url)}`]
  for (const [name, value] of Object.entries(headers)) {
    if (!leftOut.includes(name.toLowerCase())) lines.push(`-H ${quote(`${name}: ${value}`)}`)
  }
  if (body !== '') lines.push(`--data-raw ${quote(body)}`)
  return lines.join(' \\\n  ')
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`
