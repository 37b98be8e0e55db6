import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { build, type Format } from 'esbuild'
import type { Fenpay } from '../src/index.ts'
import { ScriptedPhone } from './scripted-phone.ts'

const texts = new Map<Format, string>()

before(async () => {
  for (const format of ['cjs', 'iife'] as const) {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
      bundle: true,
      write: false,
      minify: true,
      format,
      globalName: 'client',
      platform: 'neutral',
      target: 'es2017',
    })
    texts.set(format, outputFiles[0]?.text ?? '')
  }
})

/** Half a hundredth of WeChat's 2 MB; from 10,000 on it pays for askRefund, which asks once also after silence. */
const sizeMax = 10_240

for (const format of ['cjs', 'iife'] as const) {
  test(`as ${format} it has at most 10,240 bytes, and names nothing of Node or a browser`, () => {
    const text = texts.get(format) ?? ''
    assert.match(text, /\/my\/orders\/chkOrder/)
    assert.ok(Buffer.byteLength(text) <= sizeMax, `${Buffer.byteLength(text)} bytes`)
    const foreign = /\bimport\(|\brequire\(|\b(process|window|document|fetch|crypto|TextEncoder|URL|URLSearchParams)\b/
    assert.doesNotMatch(text, foreign)
  })

  test(`as ${format} it pays in a world that has wx and a timer, and no more`, async () => {
    const phone = new ScriptedPhone(({ path }) => {
      const data =
        path === '/users/wxlogin' ? { token: 't' } : path.endsWith('chkOrder') ? { status: 'paid' } : { pay: {} }
      return { statusCode: 200, data }
    })
    const world = createContext({
      wx: phone.wx,
      module: {},
      setTimeout: (callback: () => void) => setImmediate(callback),
    })
    const use = `(typeof client === 'object' ? client : module.exports).createFenpay({ wx, baseUrl: 'https://pay.example.com' })`
    const fenpay = runInContext(`${texts.get(format)};${use}`, world) as Fenpay
    assert.equal((await fenpay.pay('01HZX3N6M8J5T9Q2W4E7R1Y0PA')).outcome, 'paid')
  })
}
