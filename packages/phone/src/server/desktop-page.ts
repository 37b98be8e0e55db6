import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A file to serve. */
export interface ServedFile {
  readonly contentType: string
  readonly body: string | Uint8Array
}

// `.ts` in the repository, `.js` where the package was built.
const extension = extname(fileURLToPath(import.meta.url))
const pathOf = (name: string): string => fileURLToPath(new URL(`../page/${name}`, import.meta.url))

/** The desktop page, by path: the document, its script in one piece, its style sheet and its icon. */
export async function readDesktopPage(): Promise<ReadonlyMap<string, ServedFile>> {
  const [script, css, html, icon] = await Promise.all([
    bundle(pathOf(`main${extension}`)),
    bundle(pathOf('page.css')),
    readFile(pathOf('index.html'), 'utf8'),
    readFile(pathOf('icon.svg'), 'utf8'),
  ])
  return new Map([
    ['/', { contentType: 'text/html; charset=utf-8', body: html }],
    ['/page.js', { contentType: 'text/javascript; charset=utf-8', body: script }],
    ['/page.css', { contentType: 'text/css; charset=utf-8', body: css }],
    ['/icon.svg', { contentType: 'image/svg+xml', body: icon }],
  ])
}

async function bundle(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}
