/** Draws the PNG files of the mini program; to be run after a change of a picture. Takes the path of a Chromium. */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { food } from './food.ts'
import { tabIcons } from './icons.ts'

const foodSizePx = 264
const tabIconSizePx = 81

const browser = await chromium.launch({
  executablePath: process.argv[2] ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu'],
})
try {
  const page = await browser.newPage()
  const draw = async (svg: string, sizePx: number, file: string) => {
    await page.setViewportSize({ width: sizePx, height: sizePx })
    await page.setContent(`<style>*{margin:0}svg{display:block;width:100vw;height:100vh}</style>${svg}`)
    const png = await page.screenshot({ omitBackground: true })
    await writeFile(fileURLToPath(new URL(`../miniprogram/images/${file}.png`, import.meta.url)), png)
  }
  for (const [name, svg] of Object.entries(food)) await draw(svg, foodSizePx, `food/${name}`)
  for (const [name, svg] of Object.entries(tabIcons)) await draw(svg, tabIconSizePx, `tab/${name}`)
} finally {
  await browser.close()
}
