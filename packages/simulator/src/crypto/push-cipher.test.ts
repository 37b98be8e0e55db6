import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { decryptPush, encryptPush } from './push-cipher.ts'

const key = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG'
const random = 'aaaabbbbccccdddd'

it('what was encrypted is decrypted again, whatever its length', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (message) => {
      const sealed = encryptPush(message, 'wxb11529c136998cb6', key, random)
      assert.equal(Buffer.from(sealed, 'base64').length % 32, 0)
      assert.deepEqual(decryptPush(sealed, key), { random, message, appid: 'wxb11529c136998cb6' })
    }),
  )
})

it('another key opens nothing', () => {
  const sealed = encryptPush('消息', 'wxb11529c136998cb6', key, random)
  assert.throws(() => decryptPush(sealed, key.replace('a', 'b')))
})
