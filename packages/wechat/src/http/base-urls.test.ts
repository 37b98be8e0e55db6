import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BaseUrls } from './base-urls.ts'

const first = 'https://api.mch.weixin.qq.com'
const second = 'https://api2.mch.weixin.qq.com'

test('F41: three failures in a row pass the first host over for a minute, then it is tried again', () => {
  const hosts = new BaseUrls([first, second])
  hosts.report(first, false, 0)
  hosts.report(first, false, 0)
  hosts.report(first, true, 0)
  hosts.report(first, false, 0)
  hosts.report(first, false, 0)
  assert.deepEqual(hosts.inOrder(0), [first, second])
  hosts.report(second, false, 0)
  hosts.report(first, false, 1000)
  assert.deepEqual(hosts.inOrder(1000), [second, first])
  assert.deepEqual(hosts.inOrder(60_999), [second, first])
  assert.deepEqual(hosts.inOrder(61_000), [first, second])
  hosts.report(first, false, 61_000)
  assert.deepEqual(hosts.inOrder(61_000), [second, first], 'one more failure is enough')
  hosts.report(first, true, 62_000)
  assert.deepEqual(hosts.inOrder(62_000), [first, second], 'an answer ends it')
})

test('A lone host is never passed over', () => {
  const hosts = new BaseUrls([first])
  for (let failure = 0; failure < 5; failure++) hosts.report(first, false, 0)
  assert.deepEqual(hosts.inOrder(0), [first])
})
