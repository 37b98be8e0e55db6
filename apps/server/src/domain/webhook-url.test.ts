import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isWebhookAddress, webhookUrlProblem } from './webhook-url.ts'

test('A51: only addresses of the public internet are taken, in whatever form they are written', () => {
  const inside = [
    '127.0.0.1',
    '127.8.8.8',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fc00::1',
    'fd12:3456::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2002:7f00:1::1',
    '2001::1',
    '2001:db8::1',
    'localhost',
    'example.com',
    '',
  ]
  for (const address of inside) assert.equal(isWebhookAddress(address, false), false, address)
  for (const address of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '192.169.0.1', '2606:4700::1111', '2400:3200::1'])
    assert.equal(isWebhookAddress(address, false), true, address)
})

test('A51: loopback is taken where that is allowed, and nothing else that is private', () => {
  for (const address of ['127.0.0.1', '::1']) assert.equal(isWebhookAddress(address, true), true, address)
  for (const address of ['10.0.0.1', '192.168.0.1', '169.254.169.254', '::ffff:10.0.0.1'])
    assert.equal(isWebhookAddress(address, true), false, address)
})

test('A51: a webhook address is https, without a password, and not a private one in disguise', () => {
  const refused = [
    'http://shop.example/hook',
    'ftp://shop.example/',
    'https://user:pw@shop.example/',
    'https://127.0.0.1/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::1]/',
    'https://[::ffff:7f00:1]/',
    'https://10.0.0.8:8443/',
    'no url',
    `https://shop.example/${'a'.repeat(2100)}`,
  ]
  for (const url of refused) assert.notEqual(webhookUrlProblem(url, false), undefined, url)
  assert.equal(webhookUrlProblem('https://shop.example/hook?x=1', false), undefined)
  assert.equal(webhookUrlProblem('https://8.8.8.8/hook', false), undefined)
  for (const url of ['http://127.0.0.1:8080/hook', 'http://localhost/hook', 'http://[::1]:1/'])
    assert.equal(webhookUrlProblem(url, true), undefined, url)
  assert.notEqual(webhookUrlProblem('http://10.0.0.1/', true), undefined)
  assert.notEqual(webhookUrlProblem('http://shop.example/', true), undefined)
})
