import { rsaVerify } from '../../crypto/rsa.ts'
import type { CertifiedKey, Merchant } from '../../engine/records.ts'
import type { World } from '../../world.ts'
import { type Call, headerOf, subjectOf } from '../exchange.ts'
import { explainV3Signature } from './signature-hints.ts'
import { requestIdCodes, V3Refusal } from './v3-refusal.ts'

const scheme = 'WECHATPAY2-SHA256-RSA2048'
const windowMs = 5 * 60_000

interface Authorization {
  readonly mchid: string
  readonly nonce_str: string
  readonly signature: string
  readonly timestamp: string
  readonly serial_no: string
}

/** The five lines that a v3 request signs (pay-v3.md 2). */
export const v3RequestMessage = (
  method: string,
  target: string,
  timestamp: string,
  nonce: string,
  body: string,
): string => `${method}\n${target}\n${timestamp}\n${nonce}\n${body}\n`

/**
 * Who sent the call: format, clock, serial, signature, in this order. `transactions` endpoints were seen to word a
 * missing or malformed header in their own way, without Request-ID. Throws {@link V3Refusal}.
 */
export async function authenticate(world: World, call: Call, transactions: boolean): Promise<Merchant> {
  const given = readAuthorization(headerOf(call, 'authorization') ?? '', transactions)
  checkTimestamp(world, given.timestamp)
  const merchant = world.books.merchants.get(given.mchid)
  // The documents list this code for a wrong mchid and do not say at which step it shows.
  if (!merchant) {
    const status = transactions ? 400 : 404
    throw new V3Refusal('MCH_NOT_EXISTS', '商户号不存在', { status, requestIdCode: requestIdCodes.invalidParameter })
  }
  const message = v3RequestMessage(call.method, call.target, given.timestamp, given.nonce_str, call.text)
  const certificate = merchant.certificates.find(({ serialNo }) => serialNo === given.serial_no)
  if (!certificate) {
    const known = merchant.certificates.map(({ serialNo }) => serialNo).join(', ')
    const hint = {
      signedString: message,
      differsAt: `serial_no ${given.serial_no} is not one of merchant ${merchant.mchid}: ${known}`,
    }
    throw signError('商户证书序列号有误。请使用签名私钥匹配的证书序列号', hint)
  }
  if (world.faults.take(subjectOf(call, world.books), 'merchant.key-revoked')) {
    throw signError('商户证书已作废', { differsAt: 'nowhere: merchant.key-revoked is being played' })
  }
  const valid = await rsaVerify(message, given.signature, world.keys.publicKey(certificate.certificatePem))
  if (!valid) throw signError('签名错误', await explain(world, call, given, certificate, message))
  return merchant
}

function readAuthorization(header: string, transactions: boolean): Authorization {
  const space = header.indexOf(' ')
  const given = header.slice(0, Math.max(space, 0))
  const fields = given === scheme ? readFields(header.slice(space + 1)) : undefined
  if (fields) return fields
  const hint = {
    differsAt: `Authorization must be: ${scheme} mchid="…",nonce_str="…",signature="…",timestamp="…",serial_no="…"`,
  }
  if (transactions) throw new V3Refusal('SIGN_ERROR', '签名信息错误，验签失败', { requestIdCode: undefined, hint })
  if (given !== '' && given !== scheme && given !== 'Bearer') throw signError('认证类型不正确', hint)
  throw signError('Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》', hint)
}

const patterns: Readonly<Record<keyof Authorization, RegExp>> = {
  mchid: /^\d{1,32}$/,
  nonce_str: /^[\x21-\x7e]{1,32}$/,
  signature: /^[A-Za-z0-9+/]+={0,2}$/,
  timestamp: /^\d{1,13}$/,
  serial_no: /^[0-9A-Za-z]{1,64}$/,
}

function readFields(text: string): Authorization | undefined {
  const found = new Map<string, string>()
  for (const part of text.split(',')) {
    // Blanks after the commas are not in the documents' form; SDKs that send them are let through.
    const match = /^\s*([a-z_]+)="([^"]*)"\s*$/.exec(part)
    if (!match || found.has(match[1] ?? '')) return undefined
    found.set(match[1] ?? '', match[2] ?? '')
  }
  const pick = (name: keyof Authorization): string => found.get(name) ?? ''
  const names = Object.keys(patterns) as (keyof Authorization)[]
  if (!names.every((name) => patterns[name].test(pick(name)))) return undefined
  return {
    mchid: pick('mchid'),
    nonce_str: pick('nonce_str'),
    signature: pick('signature'),
    timestamp: pick('timestamp'),
    serial_no: pick('serial_no'),
  }
}

function checkTimestamp({ clock }: World, timestamp: string): void {
  const sentMs = Number(timestamp) * 1000
  // Either clock will do: the machine's, or business time for a back end that follows it.
  const nearest = Math.min(Math.abs(sentMs - clock.wallMs()), Math.abs(sentMs - clock.nowMs()))
  if (nearest <= windowMs) return
  const differsAt = `timestamp ${timestamp} is ${Math.round(nearest / 1000)} s away; it counts seconds, not milliseconds`
  throw signError('Http头Authorization中的timestamp与发起请求的时间不得超过5分钟', { differsAt })
}

async function explain(
  world: World,
  call: Call,
  given: Authorization,
  used: CertifiedKey,
  signedString: string,
): Promise<V3Refusal['hint']> {
  const differsAt = await explainV3Signature(world, {
    call,
    timestamp: given.timestamp,
    nonce: given.nonce_str,
    signature: given.signature,
    used,
  })
  return { signedString, ...(differsAt === undefined ? {} : { differsAt }) }
}

const signError = (message: string, hint: V3Refusal['hint']): V3Refusal =>
  new V3Refusal('SIGN_ERROR', message, { requestIdCode: requestIdCodes.signatureError, hint })
