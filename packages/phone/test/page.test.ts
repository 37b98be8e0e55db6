import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Browser, chromium, type Page } from 'playwright-core'
import { chromiumFlags, findChromium } from './find-chromium.ts'
import { type Stage, startStage } from './stage.ts'

let browser: Browser
let stage: Stage
const complaints: string[] = []

before(async () => {
  stage = await startStage()
  browser = await chromium.launch({ executablePath: findChromium(), args: chromiumFlags })
})

after(async () => {
  await browser?.close()
  await stage?.close()
})

async function open(width: number, height: number): Promise<Page> {
  const page = await browser.newPage({ viewport: { width, height } })
  page.setDefaultTimeout(15_000)
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol !== 'data:' && protocol !== 'blob:' && origin !== stage.phone.url) complaints.push(request.url())
  })
  await page.goto(stage.phone.url)
  return page
}

test('a person buys noodles on the phone and reads the story beside it, with nothing from elsewhere', async () => {
  const page = await open(1280, 800)
  const screen = page.frameLocator('#screen')
  await page.getByText('在左边的手机里点一碗面，付钱').waitFor()
  await screen.getByRole('button', { name: '买一碗面' }).click()
  await screen.getByRole('button', { name: '确认支付' }).click()
  await screen.getByRole('button', { name: '使用面容支付' }).click()
  await screen.getByRole('button', { name: '完成' }).click()
  await screen.getByText('吃上了').waitFor()

  const notify = page.locator('button.line', { hasText: '支付通知' })
  await notify.waitFor()
  for (const name of ['登录', '下单', '预支付', '付款', '通知', '确认']) {
    assert.ok((await page.getByRole('heading', { level: 3, name, exact: true }).count()) > 0, name)
  }
  assert.equal(await page.locator('#steps .reached').count(), 6)
  await notify.focus()
  await page.keyboard.press('Enter')
  await page.getByText('后端已应答收到，微信不再重发').waitFor()
  assert.equal(await page.locator('.signed li').count(), 3)
  assert.match((await page.locator('.detail').textContent()) ?? '', /"trade_state": "SUCCESS"/)

  await page.getByLabel('显示哪些消息').selectOption('bad')
  assert.equal(await page.locator('button.line').count(), 0)
  await page.getByLabel('显示哪些消息').selectOption('all')
  await page.getByRole('button', { name: '清空' }).click()
  await page.getByText('在左边的手机里点一碗面，付钱').waitFor()
  await page.close()
  assert.deepEqual(complaints, [])
})

test('on a small screen there is the phone alone, as large as the screen', async () => {
  const page = await open(390, 844)
  await page.frameLocator('#screen').getByRole('button', { name: '买一碗面' }).waitFor()
  assert.deepEqual(await page.locator('#screen').boundingBox(), { x: 0, y: 0, width: 390, height: 844 })
  assert.equal(await page.getByRole('heading', { name: '一笔支付的全过程' }).isVisible(), false)
  await page.close()
  assert.deepEqual(complaints, [])
})
