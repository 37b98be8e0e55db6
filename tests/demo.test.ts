import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash, createHmac, createPublicKey, type Hash, type Hmac, verify, X509Certificate } from 'node:crypto'
import { chmod, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'

const demo = fileURLToPath(new URL('../scripts/demo.ts', import.meta.url))
const runLimitMs = 180_000

interface Run {
  exitCode: number | null
  output: string
  /** What is still there after the end: files in the temporary directory, processes that know of it. */
  left: string[]
}

/** Runs the demo with a temporary directory of its own; `interruptAt` is a text at which Ctrl-C is pressed. */
async function runDemo(args: string[], interruptAt?: string): Promise<Run> {
  const temporary = await mkdtemp(join(tmpdir(), 'fenpay-demo-test-'))
  await chmod(temporary, 0o711)
  const { FORCE_COLOR: _, ...env } = process.env
  const child = spawn(process.execPath, [demo, ...args], {
    env: {
      ...env,
      NO_COLOR: '1',
      TMPDIR: temporary,
      FENPAY_PAY_API: 'none',
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/x',
    },
    timeout: runLimitMs,
  })
  let output = ''
  const collect = (chunk: string): void => {
    if (interruptAt !== undefined && !output.includes(interruptAt) && `${output}${chunk}`.includes(interruptAt))
      child.kill('SIGINT')
    output += chunk
  }
  child.stdout.setEncoding('utf8').on('data', collect)
  child.stderr.setEncoding('utf8').on('data', collect)
  const exitCode = await new Promise<number | null>((done) => child.once('close', done))
  const left = [...(await readdir(temporary)), ...(await processesThatKnow(temporary)), ...(await answering(output))]
  await rm(temporary, { recursive: true })
  return { exitCode, output, left }
}

/** Processes with the directory in their arguments or environment, where the system shows those. */
async function processesThatKnow(directory: string): Promise<string[]> {
  const pids = await readdir('/proc').catch(() => [])
  const found: string[] = []
  for (const pid of pids.filter((name) => /^\d+$/.test(name))) {
    const [args, env] = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '')),
    )
    if (args?.includes(directory) || env?.includes(directory)) found.push(`process ${pid}`)
  }
  return found
}

/** Addresses in the output that still answer. */
async function answering(output: string): Promise<string[]> {
  const origins = new Set(output.match(/http:\/\/127\.0\.0\.1:\d+/g))
  const answers = await Promise.all(
    [...origins].map((origin) =>
      fetch(origin).then(
        () => [origin],
        () => [],
      ),
    ),
  )
  return answers.flat()
}

/** The string under a heading of the demo, put together again from its lines. */
function signedString(output: string, heading: string): string {
  const [, after = ''] = output.split(heading)
  const lines =
    after
      .slice(after.indexOf('\n') + 1)
      .split('\n\n')[0]
      ?.split('\n') ?? []
  return lines
    .map((line) => line.replace(/^[^│]*│ /, ''))
    .join('')
    .replaceAll('⏎', '\n')
}

const capture = (text: string, pattern: RegExp): string => {
  const found = pattern.exec(text)?.[1]
  assert.ok(found, `${pattern} is not in the output`)
  return found
}

const steps = ['1  Log in', '2  Order', '3  Prepay', '4  Payment sheet', '5  Notification', '6  Check']

function assertStory(output: string): void {
  const places = steps.map((step) => output.indexOf(`── ${step}`))
  assert.ok(!places.includes(-1), `a step is missing: ${places}`)
  assert.deepEqual(
    places,
    [...places].sort((a, b) => a - b),
  )
  for (const fact of [
    'GET /sns/jscode2session?',
    '"session_key": "<redacted>"',
    'POST /order/submit',
    'total    6560 fen = ¥65.60',
    'wx.requestPayment(pay) → requestPayment:fail cancel',
    'The order stays pending (not_paid)',
    'wx.requestPayment(pay) → requestPayment:fail\n',
    '支付签名验证失败',
    'wx.requestPayment(pay) → requestPayment:ok',
    'Acknowledged',
    '"status": "paid"',
    'pending → paid  (by notify)',
    'They agree to the fen.',
  ]) {
    assert.ok(output.includes(fact), `not in the output: ${fact}`)
  }
}

function assertNothingSecret(output: string): void {
  assert.doesNotMatch(output, /PRIVATE KEY|postgres:\/\//)
  assert.equal(stripVTControlCharacters(output), output, 'colours under NO_COLOR')
}

/** From the first line with `start` on. */
function from(text: string, start: string): string {
  const place = text.indexOf(start)
  assert.notEqual(place, -1, `not in the output: ${start}`)
  return text.slice(place)
}

function assertV3Signatures(play: string): void {
  const certificate = new X509Certificate(Buffer.from(capture(play, / (MIID[\w+/=]+)$/m), 'base64'))
  const isOurs = (heading: string, signature: string): boolean =>
    verify('sha256', Buffer.from(signedString(play, heading)), certificate.publicKey, Buffer.from(signature, 'base64'))
  assert.match(
    signedString(play, 'what the server signed'),
    /^POST\n\/v3\/pay\/transactions\/jsapi\n\d{10}\n\w{32}\n\{.*"total":6560.*\}\n$/,
  )
  const paySign = capture(play, /"paySign": "([^"]+)"/)
  assert.ok(isOurs('what the server signed', capture(play, /signature="([^"]+)"/)))
  assert.ok(isOurs('what paySign signs', paySign))
  assert.ok(!isOurs('what WeChat checks paySign against now', paySign))

  const der = Buffer.from(capture(play, / (MIIB[\w+/=]+)$/m), 'base64')
  const wechatKey = createPublicKey({ key: der, format: 'der', type: 'spki' })
  for (const [heading, message] of [
    ['what WeChat signed (应答签名串)', from(from(play, 'POST /v3/pay'), 'WeChat → server')],
    ['what WeChat signed (通知签名串)', from(play, 'WeChat → server     POST')],
  ] as const) {
    const signature = Buffer.from(capture(message, /Wechatpay-Signature: (\S+)/), 'base64')
    assert.ok(verify('sha256', Buffer.from(signedString(play, heading)), wechatKey, signature), heading)
  }
  assert.match(from(play, 'decrypted (解密后)'), /"trade_state": "SUCCESS"/)
  assert.match(play, /server → WeChat {5}204/)
}

function assertV2Signatures(play: string, hash: (text: string, key: string) => Hash | Hmac): void {
  const key = capture(play, /APIv2 key \(APIv2密钥\) +(\w{32})/)
  const sign = (heading: string): string => {
    const text = signedString(play, heading)
    assert.ok(text.endsWith('&key=<api_v2_key>'), text)
    return hash(text.replace('<api_v2_key>', key), key).digest('hex').toUpperCase()
  }
  const signOf = (message: string): string => capture(message, /<sign><!\[CDATA\[(\w+)\]\]><\/sign>/)
  const prepay = from(play, 'POST /pay/unifiedorder')
  assert.equal(sign('what the server signed'), signOf(prepay))
  assert.equal(sign('what WeChat signed (应答签名串)'), signOf(from(prepay, 'WeChat → server')))
  assert.equal(sign('what WeChat signed (通知签名串)'), signOf(from(play, 'WeChat → server     POST')))
  const paySign = capture(play, /"paySign": "(\w+)"/)
  assert.equal(sign('what paySign signs'), paySign)
  assert.notEqual(sign('what WeChat checks paySign against now'), paySign)
}

test('the demo plays all three protocols, and what it shows as signed verifies with the keys it shows', async () => {
  const { exitCode, output, left } = await runDemo(['--all', '--full'])
  assert.equal(exitCode, 0, output)
  assert.deepEqual(left, [])
  assert.match(output, /paid \(已支付\) over v3, v2-md5, v2-hmac-sha256\./)
  assertNothingSecret(output)
  const [, ...plays] = output.split('One purchase with WeChat Pay')
  assert.equal(plays.length, 3)
  plays.forEach(assertStory)
  const [v3 = '', md5 = '', hmac = ''] = plays
  assertV3Signatures(v3)
  assertV2Signatures(md5, (text) => createHash('md5').update(text))
  assertV2Signatures(hmac, (text, key) => createHmac('sha256', key).update(text))
})

test('Ctrl-C while the stack starts leaves neither a process nor a file', async () => {
  const { exitCode, output, left } = await runDemo([], 'Starting a simulated WeChat')
  assert.deepEqual(left, [])
  assert.equal(exitCode, 130, output)
  assert.doesNotMatch(output, /── 1|paid \(已支付\)/)
})

test('Ctrl-C in the middle of a purchase leaves nothing; all fits 100 columns, signatures shortened', async () => {
  const { exitCode, output, left } = await runDemo(['--pay-api', 'v3'], '── 3  Prepay')
  assert.deepEqual(left, [])
  assert.equal(exitCode, 130, output)
  assert.doesNotMatch(output, /paid \(已支付\)/)
  assert.match(output, / MIID[\w+/]{16}…[\w+/=]{12}$/m)
  // A Chinese character takes two columns.
  const columns = (line: string): number => line.length + (line.match(/[\u2e80-\u9fff\uff00-\uff60]/g)?.length ?? 0)
  assert.deepEqual(
    output.split('\n').filter((line) => columns(line) > 100),
    [],
  )
})

test('an unknown protocol is refused with the names of the known ones, and nothing starts', async () => {
  const { exitCode, output, left } = await runDemo(['--pay-api', 'v4'])
  assert.equal(exitCode, 1)
  assert.match(output, /--pay-api is v4; it takes v3, v2-md5, v2-hmac-sha256/)
  assert.doesNotMatch(output, /Starting/)
  assert.deepEqual(left, [])
})
