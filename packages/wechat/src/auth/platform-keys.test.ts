import assert from 'node:assert/strict'
import { test } from 'node:test'
import { makeSigner, nowMs } from '../../test/test-platform.ts'
import { PlatformKey } from './platform-key.ts'
import { PlatformKeys } from './platform-keys.ts'

const serials = ['5DEA10EF55877E3C', '5DEA10EF55877E3D'] as const
const [oldKey, newKey] = serials.map((serial) => PlatformKey.fromCertificate(serial, makeSigner(serial).certificate))
assert(oldKey !== undefined && newKey !== undefined)
const minute = 60_000
const hour = 60 * minute

function setUp(configured: PlatformKey[], download: (count: number) => Promise<PlatformKey[]>) {
  const state = { now: nowMs, downloads: 0 }
  const keys = new PlatformKeys(
    configured,
    () => {
      state.downloads++
      return download(state.downloads)
    },
    () => state.now,
  )
  return { state, keys }
}

const settle = () => new Promise((resolve) => setImmediate(resolve))

test('A20: unknown serials cause at most one download a minute, and each is remembered for ten', async () => {
  const { state, keys } = setUp([oldKey], async () => [oldKey])
  const refused = { code: 'wechat_signature', reason: 'unknown_serial' }
  for (let second = 0; second < 60; second += 2) {
    await assert.rejects(keys.find(`ABCDEF${second}00`, 100), refused)
    state.now += 1999
  }
  assert.equal(state.downloads, 1)
  state.now = nowMs + minute
  await assert.rejects(keys.find('ABCDEF000', 100), refused)
  assert.equal(state.downloads, 1, 'the first serial is known to be unknown')
  await assert.rejects(keys.find('ABCDEF0000', 100), refused)
  assert.equal(state.downloads, 2)
  state.now += 10 * minute
  await assert.rejects(keys.find('ABCDEF000', 100), refused)
  assert.equal(state.downloads, 3)
})

test('An unknown public key id costs no download: there is nowhere to get it', async () => {
  const { state, keys } = setUp([], async () => [oldKey])
  await assert.rejects(keys.find('PUB_KEY_ID_0000000001', 100), { reason: 'unknown_serial' })
  assert.equal(state.downloads, 0)
})

test('A failed first download is tried again after five seconds, a later one after a minute', async () => {
  const { state, keys } = setUp([], async (count) => {
    if (count !== 2) throw new Error('no answer')
    return [oldKey]
  })
  const refused = { reason: 'unknown_serial', cause: new Error('no answer') }
  await assert.rejects(keys.find(oldKey.serial, 100), refused)
  await assert.rejects(keys.find(oldKey.serial, 100), { reason: 'unknown_serial' })
  assert.equal(state.downloads, 1)
  state.now += 5000
  assert.equal(await keys.find(oldKey.serial, 100), oldKey)
  await assert.rejects(keys.find(newKey.serial, 100), { reason: 'unknown_serial' })
  assert.equal(state.downloads, 2)
  state.now += minute
  await assert.rejects(keys.find(newKey.serial, 100), refused)
  assert.equal(state.downloads, 3)
})

test('After twelve hours the list is renewed without the caller waiting, and old keys serve meanwhile', async () => {
  let release: () => void = () => undefined
  const { state, keys } = setUp([], async (count) => {
    if (count === 1) return [oldKey]
    if (count === 2) throw new Error('no answer')
    await new Promise<void>((resolve) => {
      release = resolve
    })
    return [newKey]
  })
  await keys.refresh()
  state.now += 12 * hour - 1
  await keys.find(oldKey.serial, 100)
  assert.equal(state.downloads, 1)
  state.now += 1
  assert.equal(await keys.find(oldKey.serial, 0), oldKey)
  await settle()
  assert.equal(await keys.find(oldKey.serial, 0), oldKey, 'a failed renewal changes nothing')
  assert.equal(state.downloads, 2)
  state.now += minute
  for (let call = 0; call < 5; call++) assert.equal(await keys.find(oldKey.serial, 0), oldKey)
  assert.equal(state.downloads, 3)
  release()
  await settle()
  assert.equal(await keys.find(newKey.serial, 0), newKey)
  assert.equal(keys.peek(oldKey.serial), undefined, 'a certificate that WeChat no longer lists is dropped')
})

test('Calls at the same time share one download', async () => {
  const { state, keys } = setUp([], async () => [oldKey])
  const found = await Promise.all([keys.find(oldKey.serial, 100), keys.find(oldKey.serial, 100), keys.refresh()])
  assert.deepEqual(found, [oldKey, oldKey, undefined])
  assert.equal(state.downloads, 1)
})

test('A caller waits for a slow download no longer than it has time', async () => {
  const { keys } = setUp([], () => new Promise(() => undefined))
  await assert.rejects(keys.find(oldKey.serial, 30), { reason: 'unknown_serial' })
})

test('Serials compare without leading zeros', async () => {
  const serial = '00EA10EF55877E3C'
  const key = PlatformKey.fromCertificate(serial, makeSigner(serial).certificate)
  const { keys } = setUp([key], async () => [])
  assert.equal(await keys.find(serial, 100), key)
  assert.equal(await keys.find('EA10EF55877E3C', 100), key)
})
