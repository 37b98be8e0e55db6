import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { allowedAddress } from './allowed-address.ts'

const api = 'https://shop.example:8443'

test('a mini program may ask this machine and the configured API, and nothing else', () => {
  const allowed = [
    'http://127.0.0.1:3000/products',
    'http://127.8.9.10/',
    'http://localhost:3001/x?y=z',
    'https://[::1]:5000/',
    'http://2130706433/',
    'http://0x7f.1/',
    'https://shop.example:8443/products',
  ]
  const refused = [
    'http://shop.example/',
    'https://shop.example/',
    'http://192.168.0.1/',
    'http://10.0.0.1/',
    'http://169.254.169.254/latest/meta-data/',
    'http://0.0.0.0:3000/',
    'http://[::ffff:192.168.0.1]/',
    'http://[fe80::1]/',
    'http://127.0.0.1.example/',
    'http://localhost.example/',
    'http://127.0.0.1@example.com/',
    'http://example.com#@127.0.0.1/',
    'file:///etc/passwd',
    'ftp://127.0.0.1/',
    'data:text/plain,hello',
    '/products',
    '',
  ]
  for (const url of allowed) assert.ok(allowedAddress(url, api), url)
  for (const url of refused) assert.equal(allowedAddress(url, api), undefined, url)
})

test('no web address with a domain name gets through', () => {
  fc.assert(
    fc.property(fc.webUrl(), (url) => {
      assert.equal(allowedAddress(url, api), undefined)
    }),
    { numRuns: 100 },
  )
})

test('every spelling of an address outside 127.0.0.0/8 is refused', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (number) => {
      const allowed = allowedAddress(`http://${number}/`, api) !== undefined
      assert.equal(allowed, number >>> 24 === 127)
    }),
    { numRuns: 300 },
  )
})
