import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type Phone, startPhone } from '@fenpay/phone'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { chromiumFlags, findChromium } from '../../packages/phone/test/find-chromium.ts'
import { type Shop, type ShopOptions, startShop } from '../support/shop.ts'

const shopFolder = fileURLToPath(new URL('../../apps/shop', import.meta.url))

/** A shop, the phone with the shop's mini program on it, and real hands that hold it. */
export interface Counter {
  shop: Shop
  phone: Phone
  /** A person takes a phone of their own and opens the mini program. */
  hand(user: string): Promise<Hand>
}

let browser: Browser | undefined

/** Call it at the top of a test file; everything ends when the file has run. */
export async function openCounter(options: ShopOptions = {}): Promise<Counter> {
  const shop = await startShop(options)
  const phone = await startPhone({ folder: shopFolder, port: 0, wechatUrl: shop.wechat.url, apiUrl: shop.server.url })
  browser ??= await chromium.launch({ executablePath: findChromium(), args: chromiumFlags })
  const opened = browser
  after(async () => {
    await phone.close()
    await browser?.close()
    browser = undefined
  })
  return { shop, phone, hand: (user) => Hand.take(opened, phone, shop.server.url, user) }
}

/** A person's hand on a phone: it taps, types and reads, nothing else. */
export class Hand {
  readonly page: Page
  /** What the browser complained of; a test ends with none. */
  readonly complaints: string[] = []
  /** Addresses that are neither the phone's nor the shop's server's, whose pictures may be shown. */
  readonly strangers: string[] = []

  private constructor(page: Page, ours: readonly string[]) {
    this.page = page
    page.on('pageerror', (error) => this.complaints.push(error.message))
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text())
    })
    page.on('request', (request) => {
      const url = new URL(request.url())
      if (url.protocol.startsWith('http') && !ours.includes(url.origin)) this.strangers.push(request.url())
    })
  }

  static async take(owner: Browser, phone: Phone, shopUrl: string, user: string): Promise<Hand> {
    const context: BrowserContext = await owner.newContext({
      viewport: { width: 390, height: 844 },
      hasTouch: true,
      isMobile: true,
      deviceScaleFactor: 2,
      reducedMotion: 'reduce',
    })
    const hand = new Hand(
      await context.newPage(),
      [phone.url, shopUrl].map((url) => new URL(url).origin),
    )
    await hand.page.goto(new URL(`/app/?user=${encodeURIComponent(user)}`, phone.url).href)
    await hand.sees('[data-test="dish-beef-noodles"]')
    return hand
  }

  /** Taps what can be seen of it. */
  async tap(selector: string): Promise<void> {
    await this.page.locator(`${selector} >> visible=true`).last().tap({ timeout: 15_000 })
  }

  async sees(selector: string): Promise<void> {
    await this.page.locator(`${selector} >> visible=true`).last().waitFor({ timeout: 20_000 })
  }

  async reads(selector: string): Promise<string> {
    return (await this.page.locator(`${selector} >> visible=true`).last().textContent({ timeout: 15_000 })) ?? ''
  }

  async puts(sku: string, quantity = 1): Promise<void> {
    for (let pieces = 0; pieces < quantity; pieces++) await this.tap(`[data-test="dish-${sku}"] [data-test="more"]`)
  }

  /** From the menu to the payment sheet. */
  async orders(sku = 'beef-noodles', quantity = 1): Promise<void> {
    await this.puts(sku, quantity)
    await this.tap('[data-test="checkout"]')
    await this.tap('[data-test="submit"]')
    await this.sees('.mp-pay')
  }

  /** From the payment sheet to WeChat's success page, by password. */
  async pays(): Promise<void> {
    await this.tap('.mp-pay')
    for (const digit of '123456') await this.tap(`.mp-pad button[aria-label="${digit}"]`)
    await this.tap('.mp-done')
  }

  async cancelsPayment(): Promise<void> {
    await this.tap('.mp-payment .mp-close')
  }

  /** Waits until the result page says so. */
  async result(state: 'paid' | 'unpaid' | 'confirming' | 'closed' | 'failed'): Promise<void> {
    await this.sees(`[data-test="result"][data-state="${state}"]`)
  }

  /** As the desktop page does it: cuts the network, slows it, sends the mini program to the background. */
  async sets(set: Record<string, unknown>): Promise<void> {
    const message = JSON.stringify({ type: 'fenpay-phone', set })
    await this.page.evaluate(`window.postMessage(${message}, location.origin)`)
  }

  /** The mini program dies, and is opened anew. */
  async killsAndReopens(): Promise<void> {
    await this.page.reload()
    await this.sees('[data-test="dish-beef-noodles"]')
  }
}
