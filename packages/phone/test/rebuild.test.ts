import assert from 'node:assert/strict'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Phone, startPhone } from '../src/index.ts'
import { kiosk, Listener } from './stage.ts'

let folder: string
let phone: Phone
const logged: string[] = []

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fenpay-phone-'))
  await cp(kiosk, folder, { recursive: true })
  phone = await startPhone({ folder, port: 0, wechatUrl: 'http://127.0.0.1:9', log: (line) => logged.push(line) })
})

after(async () => {
  await phone.close()
  await rm(folder, { recursive: true, force: true })
})

const served = async (path: string) => (await fetch(`${phone.url}/app/${path}`)).text()

test('the screen is served with the configuration of the mini program', async () => {
  const index = await fetch(`${phone.url}/app?user=阿强`)
  assert.equal(index.url, `${phone.url}/app/?user=${encodeURIComponent('阿强')}`)
  assert.match(index.headers.get('content-security-policy') ?? '', /default-src 'self'/)
  assert.match(await index.text(), /<script src="config\.js">/)
  assert.match(await served('config.js'), /"appid":"wx0000000000000000","title":"面摊"/)
  assert.match(await served('app.js'), /吃上了/)
  assert.equal((await fetch(`${phone.url}/app/nothing.png`)).status, 404)
  assert.equal((await fetch(`${phone.url}/app/..%2f..%2fpackage.json`)).status, 404)
})

test('a change is built and the page told to reload, within a second', async () => {
  const page = join(folder, 'pages/buy/buy.js')
  const source = await readFile(page, 'utf8')
  const took: number[] = []
  // The best of three: what else the machine does is not measured.
  for (const words of ['吃好了', '吃完了', '吃饱了']) {
    const listener = await Listener.to(phone)
    const startedAt = Date.now()
    await writeFile(page, source.replace('吃上了', words))
    await listener.until('a reload', () => listener.news.some(({ type }) => type === 'reload'))
    took.push(Date.now() - startedAt)
    listener.stop()
    assert.match(await served('app.js'), new RegExp(words))
  }
  assert.ok(Math.min(...took) < 1000, `${took.join(', ')} ms`)
})

test('a mistake is told with file and line while the last good build stays, and is gone when it is mended', async () => {
  const listener = await Listener.to(phone)
  const template = join(folder, 'pages/buy/buy.wxml')
  const source = await readFile(template, 'utf8')
  await writeFile(template, source.replace('<button', '<buttom').replace('</button', '</buttom'))
  const problems = () => listener.news.findLast((news) => news.type === 'build')?.problems ?? []
  await listener.until('the problem', () => problems().length > 0)
  assert.match(problems()[0]?.at ?? '', /pages\/buy\/buy\.wxml:3/)
  assert.match(problems()[0]?.message ?? '', /buttom/)
  assert.match(logged.at(-1) ?? '', /buy\.wxml:3 .*buttom/)
  assert.match(await served('app.js'), /吃饱了/)
  assert.equal(listener.news.filter(({ type }) => type === 'reload').length, 0)

  const late = await Listener.to(phone)
  await late.until('the problem, told to who comes later', () =>
    late.news.some((news) => news.type === 'build' && news.problems.length > 0),
  )
  late.stop()

  await writeFile(template, source)
  await listener.until('a reload', () => listener.news.some(({ type }) => type === 'reload'))
  assert.deepEqual(problems(), [])
  listener.stop()
})
