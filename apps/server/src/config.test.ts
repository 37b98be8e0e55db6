import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { type Config, ConfigError, readCommandConfig, readConfig } from './config.ts'

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
})
const v3Key = 'v3keyv3keyv3keyv3keyv3keyv3key12'
const complete = {
  FENPAY_MCHID: '1900000001',
  FENPAY_APPID: 'wx0123456789abcdef',
  FENPAY_APP_SECRET: 'c2VjcmV0c2VjcmV0c2VjcmV0c2Vj1234',
  FENPAY_API_V2_KEY: 'v2keyv2keyv2keyv2keyv2keyv2key12',
  FENPAY_API_V3_KEY: v3Key,
  FENPAY_MERCHANT_SERIAL_NO: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB',
  FENPAY_MERCHANT_PRIVATE_KEY: privateKey,
  FENPAY_WECHATPAY_PUBLIC_KEY_ID: 'PUB_KEY_ID_0119000000012026010100000001',
  FENPAY_WECHATPAY_PUBLIC_KEY: publicKey,
}
const simulated = { ...complete, FENPAY_WECHAT_URL: 'http://127.0.0.1:3001' }
const production = {
  NODE_ENV: 'production',
  FENPAY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
  FENPAY_PUBLIC_URL: 'https://pay.example.com',
}

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    readConfig(env)
    return []
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
}

test('a complete environment is taken, with the documented defaults', () => {
  const config = readConfig(complete)
  assert.deepEqual(
    [config.host, config.port, config.merchant.payApi, config.orderTtlSeconds],
    ['127.0.0.1', 3000, 'v3', 1800],
  )
})

test('all problems come in one message, and no secret is in it', () => {
  const problems = problemsOf({
    ...complete,
    FENPAY_PORT: '99999',
    FENPAY_PAY_API: 'v4',
    FENPAY_API_V3_KEY: 'hunter2hunter2',
    DATABASE_URL: 'mysql://root:hunter2@db',
  })
  assert.equal(problems.length, 4)
  assert.ok(!problems.join().includes('hunter2'))
})

test('A11: an empty, short or placeholder key never starts', () => {
  for (const key of ['', 'undefined', 'short', '0'.repeat(32), 'x'.repeat(32)]) {
    assert.notDeepEqual(problemsOf({ ...complete, FENPAY_API_V3_KEY: key }), [], key)
    assert.notDeepEqual(problemsOf({ ...complete, FENPAY_PAY_API: 'v2-md5', FENPAY_API_V2_KEY: key }), [], key)
  }
})

test('F78: a key that is no key is named by the file WeChat gives it in', () => {
  assert.match(problemsOf({ ...complete, FENPAY_MERCHANT_PRIVATE_KEY: 'no pem' }).join(), /apiclient_key\.pem/)
  assert.match(problemsOf({ ...complete, FENPAY_WECHATPAY_PUBLIC_KEY: 'no pem' }).join(), /pub_key\.pem/)
})

test('F80: production refuses a simulated WeChat, a generated master key and a notify address WeChat cannot reach', () => {
  assert.equal(problemsOf({ ...simulated, NODE_ENV: 'production' }).length, 3)
  assert.deepEqual(problemsOf({ ...complete, ...production }), [])
})

test('a secret may be given by file, and a file that cannot be read is named', () => {
  const env = { ...complete, FENPAY_MERCHANT_PRIVATE_KEY: undefined, FENPAY_MERCHANT_PRIVATE_KEY_FILE: '/run/key.pem' }
  assert.equal(readConfig(env, () => privateKey).merchant.keys.certificate?.privateKeyPem, privateKey.trim())
  assert.match(problemsOf(env).join(), /FENPAY_MERCHANT_PRIVATE_KEY_FILE/)
})

test('a name that nobody reads is told with the nearest one that is, and without its value', () => {
  const misspelt = { FENPAY_MCHIDD: 'hunter2', FENPAY_MASTERKEY: 'hunter2', FENPAY_APP_SECRET_FIEL: 'hunter2' }
  const { warnings } = readConfig({ ...simulated, ...misspelt, FENPAY_COFFEE: 'hunter2', FENPAY_EMPTY: '' })
  assert.deepEqual(warnings, [
    'FENPAY_MCHIDD is not known; did you mean FENPAY_MCHID?',
    'FENPAY_MASTERKEY is not known; did you mean FENPAY_MASTER_KEY?',
    'FENPAY_APP_SECRET_FIEL is not known; did you mean FENPAY_APP_SECRET_FILE?',
    'FENPAY_COFFEE is not known; see docs/configuration.md',
  ])
  assert.deepEqual(readConfig(simulated).warnings, [])
})

test('a misspelt name stands beside what is missing because of it', () => {
  const { FENPAY_MCHID, ...rest } = complete
  const problems = problemsOf({ ...rest, FENPAY_MCHIDD: FENPAY_MCHID })
  assert.equal(problems.length, 2)
  assert.match(problems.join(), /FENPAY_MCHID is missing.*FENPAY_MCHIDD is not known; did you mean FENPAY_MCHID\?/)
})

test('a secret that is given as it is and by file is given once too often: both names are told', () => {
  const both = { ...complete, FENPAY_API_V3_KEY_FILE: '/run/v3' }
  assert.deepEqual(
    problemsOf(both).filter((problem) => problem.includes('both')),
    ['FENPAY_API_V3_KEY and FENPAY_API_V3_KEY_FILE are both given; leave one of them out'],
  )
  assert.throws(
    () => readCommandConfig({ FENPAY_MASTER_KEY: 'x', FENPAY_MASTER_KEY_FILE: '/run/master' }),
    /FENPAY_MASTER_KEY and FENPAY_MASTER_KEY_FILE are both given/,
  )
  assert.equal(
    readConfig({ ...complete, FENPAY_API_V3_KEY: '', FENPAY_API_V3_KEY_FILE: '/run/v3' }, () => v3Key).merchant.keys
      .apiV3Key,
    v3Key,
    'an empty one is none',
  )
})

test('real money in the embedded database draws a warning; a simulated WeChat or a server of its own draws none', () => {
  const warned = ({ warnings }: Config) => warnings.filter((warning) => warning.includes('DATABASE_URL'))
  assert.equal(warned(readConfig(complete)).length, 1)
  assert.equal(warned(readConfig({ ...complete, ...production })).length, 1)
  assert.deepEqual(warned(readConfig({ ...complete, DATABASE_URL: 'postgres://fenpay@db/fenpay' })), [])
  assert.deepEqual(warned(readConfig(simulated)), [])
})
