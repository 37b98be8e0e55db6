import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BuildError } from '../src/build/build-error.ts'
import { buildMiniProgram } from '../src/build/build-mini-program.ts'

const tiny = fileURLToPath(new URL('./fixtures/tiny', import.meta.url))

/** Builds the tiny program with one file changed; the problems that come of it. */
async function problemsWith(file: string, content: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'fenpay-build-'))
  try {
    cpSync(tiny, folder, { recursive: true })
    writeFileSync(join(folder, file), content)
    await buildMiniProgram({ folder })
    return ''
  } catch (error) {
    assert.ok(error instanceof BuildError, String(error))
    return error.message
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test('a mini program of another style is built whole, without a warning', async () => {
  const built = await buildMiniProgram({ folder: tiny })
  assert.equal(built.appid, 'wx0000000000000001')
  assert.equal(built.title, '小样')
  assert.deepEqual(built.warnings, [])
  for (const name of ['index.html', 'app.css', 'app.js']) assert.ok(built.files.has(name), name)
  const css = Buffer.from(built.files.get('app.css') ?? '').toString()
  assert.match(css, /calc\(20 \* var\(--rpx\)\)/)
  assert.match(css, /:where\(\[data-theme="dark"\]\) wx-page/)
  assert.match(css, /var\(--safe-area-inset-bottom\)/)
})

const mistakes: [what: string, file: string, content: string, expected: RegExp][] = [
  ['an unknown tag', 'pages/list/list.wxml', '<view>\n<viewx /></view>', /list\.wxml:2 <viewx> is neither a built-in/],
  ['an unclosed tag', 'pages/list/list.wxml', '<view>', /list\.wxml:1/],
  ['a broken style', 'pages/form/form.wxss', '.a { color: red;\n', /form\.wxss:1 Unclosed block/],
  ['an import that is not there', 'app.wxss', '@import "./none.wxss";', /app\.wxss:1 @import names \.\/none\.wxss/],
  ['broken WXS', 'lib/words.wxs', 'var a = ;', /words\.wxs:1/],
  ['broken JSON', 'app.json', '{', /app\.json is not JSON/],
  ['a page without files', 'app.json', '{"pages":["pages/none/none"]}', /app\.json names pages\/none\/none/],
  ['a broken script', 'pages/list/list.js', 'Page({', /list\.js:\d+/],
  [
    'an unknown call',
    'pages/list/list.js',
    'Page({ onLoad() { wx.flyAway() } })',
    /list\.js:1 wx\.flyAway is not on this phone/,
  ],
]
for (const [what, file, content, expected] of mistakes) {
  test(`${what} is named with its file`, async () => {
    assert.match(await problemsWith(file, content), expected)
  })
}

test('a call that the script asks about first is allowed', async () => {
  const script = "Page({ onLoad() { if (wx.canIUse('flyAway')) wx.flyAway() } })"
  assert.equal(await problemsWith('pages/list/list.js', script), '')
})
