import { generateRsaPair, rsaSign } from '../../crypto/rsa.ts'
import { alphabets, randomFraction, randomText } from '../../engine/random.ts'
import type { Merchant } from '../../engine/records.ts'
import type { World } from '../../world.ts'

/** A key that WeChat signs with, by the name that Wechatpay-Serial carries. */
export interface SigningKey {
  readonly serial: string
  readonly privateKeyPem: string
}

/** The text that an answer or a notification signs (pay-v3.md 3). */
export const v3ResponseMessage = (timestamp: string, nonce: string, body: string): string =>
  `${timestamp}\n${nonce}\n${body}\n`

/** What may be wrong with a signature on purpose. */
export interface SignatureFault {
  readonly probe?: boolean
  readonly wrongKey?: boolean
  readonly ageSeconds?: number
}

/**
 * The key for a merchant's answer or notification: the one asked for if it exists, else the newest platform certificate.
 * The documents do not say what an unknown Wechatpay-Serial gets: here it is as if it were absent.
 */
export function signingKeyFor(world: World, merchant: Merchant, asked: string | undefined): SigningKey {
  const { wechatpayPublicKey, platformCertificates } = merchant
  const publicKey = { serial: wechatpayPublicKey.id, privateKeyPem: wechatpayPublicKey.privateKeyPem }
  if (asked === wechatpayPublicKey.id) return publicKey
  const rotating = world.faults.take({ mchid: merchant.mchid }, 'certificates.rotate')
  const turn = Math.floor(randomFraction(world.random) * platformCertificates.length)
  const certificate = rotating
    ? platformCertificates[turn]
    : (platformCertificates.find(({ serialNo }) => serialNo === asked) ?? platformCertificates.at(-1))
  return certificate ? { serial: certificate.serialNo, privateKeyPem: certificate.privateKeyPem } : publicKey
}

/** The key for a notification: while a switch to the public key is under way, it is drawn by share. */
export function notifyKeyFor(world: World, merchant: Merchant, asked: string | undefined): SigningKey {
  const ramp = world.faults.take({ mchid: merchant.mchid }, 'public-key.ramp')
  if (!ramp) return signingKeyFor(world, merchant, asked)
  const drawn = randomFraction(world.random) * 100 < Number(ramp.options['percent'])
  return signingKeyFor(world, merchant, drawn ? merchant.wechatpayPublicKey.id : undefined)
}

/** The Wechatpay-* headers over `body`, stamped with the wall clock. */
export async function v3SignatureHeaders(
  world: World,
  key: SigningKey,
  body: string,
  fault: SignatureFault = {},
): Promise<Record<string, string>> {
  const timestamp = String(Math.floor(world.clock.wallMs() / 1000) - (fault.ageSeconds ?? 0))
  const nonce = randomText(world.random, alphabets.alphanumeric, 32)
  const privateKey = fault.wrongKey ? (await generateRsaPair()).privateKey : world.keys.privateKey(key.privateKeyPem)
  const signature = await rsaSign(v3ResponseMessage(timestamp, nonce, body), privateKey)
  return {
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Serial': key.serial,
    'Wechatpay-Signature': fault.probe
      ? `WECHATPAY/SIGNTEST/${signature.slice('WECHATPAY/SIGNTEST/'.length)}`
      : signature,
    'Wechatpay-Signature-Type': 'WECHATPAY2-SHA256-RSA2048',
    'Wechatpay-Timestamp': timestamp,
  }
}
