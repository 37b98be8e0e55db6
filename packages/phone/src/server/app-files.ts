import { extname } from 'node:path'
import type { BuildResult } from '../build/build-mini-program.ts'
import type { ServedFile } from './desktop-page.ts'

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.gif': 'image/gif',
  '.webp': 'image/webp',
  '.mp3': 'audio/mpeg',
  '.mp4': 'video/mp4',
}

/** A file of the built mini program; `path` comes from a URL, behind `/app/`. */
export function appFile({ files }: BuildResult, path: string): ServedFile | undefined {
  const name = path === '' ? 'index.html' : path
  const body = files.get(name)
  if (body === undefined) return undefined
  return { contentType: contentTypes[extname(name).toLowerCase()] ?? 'application/octet-stream', body }
}

/** What the phone's screen is told before it starts. */
export interface AppConfig {
  readonly appid: string
  readonly title: string
  /** Origins that the mini program names, and where they are served instead. */
  readonly apiOverrides?: Readonly<Record<string, string>>
}

/**
 * The script behind `/app/config.js`. The user stands in the document's address. A screen that no desktop page holds
 * reloads itself after a build.
 */
export function configScript(config: AppConfig): string {
  const text = JSON.stringify(config).replaceAll('<', '\\u003c')
  return `window.__phone = Object.assign(${text}, { user: new URLSearchParams(location.search).get('user') || '小明' })
if (window.parent === window) {
  new EventSource('/_phone/story').onmessage = ({ data }) => {
    if (JSON.parse(data).type === 'reload') location.reload()
  }
}
`
}
