import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { buildMiniProgram } from '../src/build/build-mini-program.ts'
import { chromiumFlags, findChromium } from './find-chromium.ts'
import { type ScreenServer, startScreenServer } from './screen-server.ts'

const tiny = fileURLToPath(new URL('./fixtures/tiny', import.meta.url))
let browser: Browser
let server: ScreenServer

before(async () => {
  const built = await buildMiniProgram({ folder: tiny })
  server = await startScreenServer(built, {
    'wechat/phoneNumber': () => ({ errMsg: 'getPhoneNumber:ok', code: 'p' }),
  })
  browser = await chromium.launch({ executablePath: findChromium(), args: chromiumFlags })
})

after(async () => {
  await browser?.close()
  await server?.close()
})

/** A fresh phone by touch; whatever the console complains of fails the test. */
async function onPhone(path: string, use: (page: Page) => Promise<void>): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    hasTouch: true,
    isMobile: true,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  page.setDefaultTimeout(8000)
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(`${server.url}#/${path}`)
  await use(page)
  await context.close()
  assert.deepEqual(complaints, [])
}

const journal = (page: Page): Promise<string[]> => page.evaluate('getApp().globalData.journal.lines')

test('WXS, slots, behaviors, templates, imports and components run, in the order of WeChat', async () => {
  await onPhone('pages/home/home', async (page) => {
    await page.getByText('身体 list of 3').waitFor()
    await page.getByText('【hello】').waitFor()
    await page.getByText('HELLO', { exact: true }).waitFor()
    assert.deepEqual(await page.locator('[data-test=row]').allTextContents(), ['0:a', '1:b', '2:c'])
    const more = page.locator('[data-test=more]')
    await more.tap()
    await more.tap()
    await page.getByText('够了 3').waitFor()
    assert.equal((await page.locator('[data-test=box]').boundingBox())?.width, 195)
    assert.deepEqual(await journal(page), [
      'app.onLaunch',
      'app.onShow',
      'panel.show',
      'home.onLoad {}',
      'home.onShow',
      'home.onReady',
    ])
    await page.locator('[data-test=to-form]').tap()
    await page.locator('[data-test=submit]').waitFor()
    assert.deepEqual(await page.evaluate('getApp().globalData.query'), { from: 'a%20b' })
    assert.ok((await journal(page)).includes('home.onHide'))
  })
})

test('a form hands over each field by name', async () => {
  await onPhone('pages/form/form', async (page) => {
    await page.locator('[data-test=nick] input').focus()
    await page.getByRole('button', { name: '用微信昵称 小明' }).tap()
    await page.getByText('小', { exact: true }).tap()
    await page.getByText('蛋', { exact: true }).tap()
    await page.locator('[data-test=loud]').tap()
    await page.locator('[data-test=submit]').tap()
    const sent = JSON.parse((await page.locator('[data-test=sent]').textContent()) ?? '{}')
    assert.deepEqual(sent, {
      nick: '小明',
      words: '',
      size: '小',
      extras: ['egg'],
      loud: false,
      spice: 2,
      day: '2026-03-31',
      when: '12:30',
      pair: [0, 1],
    })
  })
})

test('a button for consent and phone number asks once, and gives the code', async () => {
  await onPhone('pages/form/form', async (page) => {
    await page.locator('[data-test=phone]').tap()
    await page.getByRole('button', { name: '允许' }).tap()
    await page.getByText('已同意 getPhoneNumber:ok').waitFor()
  })
})

test('an unknown call of wx says its name and how to add it', async () => {
  await onPhone('pages/list/list', async (page) => {
    await page.getByText('幻灯 1').waitFor()
    const said = await page.evaluate('(() => { try { wx.flyAway() } catch (error) { return error.message } })()')
    assert.match(String(said), /wx\.flyAway is not on this phone; to add it/)
  })
})
