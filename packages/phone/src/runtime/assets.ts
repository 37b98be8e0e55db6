import { servedAt } from './settings.ts'

/** Files that the phone made in this run: a chosen avatar, say. By the path that the mini program is given. */
const temporary = new Map<string, { blob: Blob; url: string }>()

/** Keeps a file and returns its temporary path, as WeChat hands one out. */
export function keepTemporaryFile(blob: Blob, suffix: string): string {
  const path = `wxfile://tmp_${crypto.randomUUID().replaceAll('-', '')}${suffix}`
  temporary.set(path, { blob, url: URL.createObjectURL(blob) })
  return path
}

/** The file behind a temporary path. */
export const temporaryFile = (path: string): Blob | undefined => temporary.get(path)?.blob

/** The address of an image as the document loads it. `owner`: the path of the page or component that names it. */
export function assetUrl(source: string, owner = ''): string {
  const kept = temporary.get(source)
  if (kept) return kept.url
  if (/^https?:/.test(source)) return servedAt(source)
  if (source === '' || /^(data:|blob:)/.test(source)) return source
  return new URL(source, `http://x/${owner}`).pathname.slice(1)
}
