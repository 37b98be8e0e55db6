/**
 * WeChat's own compilers of templates and styles (wcc, wcsc) as a second opinion beside the phone's builder. They are
 * programs for x86-64 machines; on another one only the builder's opinion is asked.
 */
import assert from 'node:assert/strict'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

interface WechatCompiler {
  wxmlToJs(folder: string): string
  wxssToJs(folder: string): string
}

const source = fileURLToPath(new URL('../miniprogram', import.meta.url))

if (process.arch === 'x64') {
  const compiler = createRequire(import.meta.url)('miniprogram-compiler') as WechatCompiler

  test("WeChat's own compilers take every template and every style of the shop", () => {
    assert.match(compiler.wxmlToJs(source), /pages\/menu\/menu\.wxml/)
    assert.match(compiler.wxssToJs(source), /pages\/menu\/menu\.wxss/)
  })

  test('and refuse a template with a tag that is not closed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'fenpay-wcc-'))
    await cp(source, folder, { recursive: true })
    await writeFile(join(folder, 'pages/menu/menu.wxml'), '<view><text>not closed</view>')
    assert.throws(() => compiler.wxmlToJs(folder))
    await rm(folder, { recursive: true })
  })
}
