import assert from 'node:assert/strict'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { buildMiniProgram } from '@fenpay/phone'
import { bundleClient } from '../build-client.ts'
import { pictured } from '../miniprogram/modules/food-image.ts'

const folder = fileURLToPath(new URL('..', import.meta.url))
const root = join(folder, 'miniprogram')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) =>
  statSync(join(root, path)).isFile(),
)
const sizeOf = (path: string) => statSync(join(root, path)).size
const app = JSON.parse(read('app.json'))
const theme = JSON.parse(read('theme.json'))

test('the client in the package is the one of packages/client; node apps/shop/build-client.ts makes it anew', async () => {
  assert.ok(read('fenpay-client.js') === (await bundleClient()), 'run: node apps/shop/build-client.ts')
})

test('the mini program builds: templates, style sheets, tags and wx calls are known', async () => {
  const { title, warnings } = await buildMiniProgram({ folder })
  assert.deepEqual({ title, warnings }, { title: '巷口面馆', warnings: [] })
})

test('the main package is below 2 MB', () => {
  const sizeBytes = files.filter((path) => !path.endsWith('.d.ts')).reduce((sum, path) => sum + sizeOf(path), 0)
  assert.ok(sizeBytes < 2 * 1024 * 1024, `${sizeBytes} bytes`)
})

test('each page of app.json has its four files, and each folder of pages is in app.json', () => {
  for (const page of app.pages) {
    for (const suffix of ['.ts', '.json', '.wxml', '.wxss']) {
      assert.ok(files.includes(page + suffix), page + suffix)
    }
  }
  assert.deepEqual(readdirSync(join(root, 'pages')).sort(), app.pages.map((page: string) => page.split('/')[1]).sort())
})

test('tab icons are PNG of at most 40 kB, in both themes, and each variable of a json file is in both themes', () => {
  assert.deepEqual(Object.keys(theme.light), Object.keys(theme.dark))
  for (const path of files.filter((one) => /^(app|pages\/.*)\.json$/.test(one))) {
    for (const [, name] of read(path).matchAll(/"@(\w+)"/g)) assert.ok(name !== undefined && name in theme.light, name)
  }
  const icons = [...Object.values(theme.light), ...Object.values(theme.dark)].concat(
    app.tabBar.list.map((tab: { selectedIconPath: string }) => tab.selectedIconPath),
  )
  for (const icon of icons.filter((value) => String(value).endsWith('.png')).map(String)) {
    assert.ok(sizeOf(icon) <= 40_000, icon)
    assert.equal(readFileSync(join(root, icon)).subarray(1, 4).toString(), 'PNG')
  }
})

test('every product with a picture has its file, and every file is used', () => {
  assert.deepEqual(
    readdirSync(join(root, 'images/food')).sort(),
    [...pictured, 'dish'].map((sku) => `${sku}.png`).sort(),
  )
})

test('orders, cart and account are not for the search index, the menu is', () => {
  const { rules } = JSON.parse(read('sitemap.json'))
  assert.deepEqual(rules.at(-1), { action: 'disallow', page: '*' })
  assert.ok(
    !rules.some((rule: { action: string; page: string }) => rule.action === 'allow' && /order|mine/.test(rule.page)),
  )
})

test('no address but that of the API is in the package, and nothing is written to the console', () => {
  for (const path of files.filter((one) => /\.(ts|wxml|wxss|json)$/.test(one) && one !== 'config.ts')) {
    const text = read(path).replaceAll('http://www.w3.org/2000/svg', '')
    assert.doesNotMatch(text, /https?:\/\/|console\./, path)
  }
})

test('the project opens in the developer tools: TypeScript plugin, no domain check, the right folder', () => {
  const project = JSON.parse(readFileSync(join(folder, 'project.config.json'), 'utf8'))
  assert.deepEqual(project.setting.useCompilerPlugins, ['typescript'])
  assert.equal(project.setting.urlCheck, false)
  assert.equal(project.miniprogramRoot, 'miniprogram/')
})
