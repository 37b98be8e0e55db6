import { writeFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

/** Where the shop's pages find `@fenpay/client`. */
export const clientFile = fileURLToPath(new URL('miniprogram/fenpay-client.js', import.meta.url))

/** What the shop takes of the client, and of the contract's arithmetic with fen; `fenpay-client.d.ts` says the same. */
const entry = `
export { createFenpay, isFenpayError } from '@fenpay/client'
export { fen, formatYuan, sumFen, timesFen } from '@fenpay/contract'
`

/** `@fenpay/client` as one script without imports: WeChat's developer tool needs neither npm nor a build. */
export async function bundleClient(): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: fileURLToPath(new URL('.', import.meta.url)) },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2017',
    charset: 'utf8',
    banner: { js: '// Made by apps/shop/build-client.ts from packages/client.' },
  })
  const [file] = outputFiles
  if (file === undefined) throw new Error('esbuild gave no file')
  return file.text
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await writeFile(clientFile, await bundleClient())
