import { type CertificatePurpose, type DistinguishedName, issueCertificate } from '../crypto/certificate.ts'
import { generateRsaPair, type KeyCache } from '../crypto/rsa.ts'
import { type Authority, authorityName, authorityOf, newSerialNo, toPrivatePem } from './authority.ts'
import type { Engine } from './engine.ts'
import { alphabets, randomText } from './random.ts'
import type { App, CertifiedKey, Merchant } from './records.ts'

const fiveYearsMs = 5 * 365 * 86_400_000
const dayMs = 86_400_000
export const platformName: DistinguishedName = {
  C: 'CN',
  L: 'Shenzhen',
  O: 'Tenpay.com',
  OU: 'Tenpay.com CA Center',
  CN: 'Tenpay.com sign',
}

type Pair = Awaited<ReturnType<typeof generateRsaPair>>

/** What a new merchant is made with. Apps that exist are bound, others are made. */
export interface MerchantRequest {
  readonly name: string
  readonly apps: readonly { readonly appid?: string; readonly secret?: string }[]
}

/** Makes a merchant with fresh keys and certificates: an API certificate, a WeChat Pay public key, two platform certificates. */
export async function createMerchant(engine: Engine, keys: KeyCache, request: MerchantRequest): Promise<Merchant> {
  const { books, random } = engine
  const [authority, api, publicKey, olderPlatform, newerPlatform] = await Promise.all([
    authorityOf(engine, keys),
    generateRsaPair(),
    generateRsaPair(),
    generateRsaPair(),
    generateRsaPair(),
  ])
  return books.transact(() => {
    const mchid = newMchid(engine)
    const apps = request.apps.map((app) => bindApp(engine, app))
    const subject: DistinguishedName = { C: 'CN', L: 'Shenzhen', O: '微信商户系统', OU: request.name, CN: mchid }
    const merchant: Merchant = {
      mchid,
      name: request.name,
      apiV2Key: randomText(random, alphabets.alphanumeric, 32),
      apiV3Key: randomText(random, alphabets.alphanumeric, 32),
      appids: apps.map((app) => app.appid),
      certificates: [certify(engine, authority, subject, api, 0, 'client')],
      wechatpayPublicKey: {
        id: `PUB_KEY_ID_01${mchid}${randomText(random, alphabets.digits, 12).padEnd(16, '0')}`,
        publicKeyPem: toPublicPem(publicKey),
        privateKeyPem: toPrivatePem(publicKey),
      },
      platformCertificates: [
        certify(engine, authority, platformName, olderPlatform, 30 * dayMs, 'signing'),
        certify(engine, authority, platformName, newerPlatform, 0, 'signing'),
      ],
    }
    books.merchants.put(merchant)
    return merchant
  })
}

function newMchid({ books }: Engine): string {
  for (let number = 1_900_000_001; ; number++) {
    if (!books.merchants.get(String(number))) return String(number)
  }
}

function bindApp(engine: Engine, wanted: { appid?: string; secret?: string }): App {
  const known = wanted.appid === undefined ? undefined : engine.books.apps.get(wanted.appid)
  if (known) return known
  const app: App = {
    appid: wanted.appid ?? `wx${randomText(engine.random, alphabets.hex, 16)}`,
    secret: wanted.secret ?? randomText(engine.random, alphabets.hex, 32),
  }
  engine.books.apps.put(app)
  return app
}

function certify(
  engine: Engine,
  authority: Authority,
  subject: DistinguishedName,
  pair: Pair,
  ageMs: number,
  purpose: CertificatePurpose,
): CertifiedKey {
  const serialNo = newSerialNo(engine)
  const wholeSecondsMs = Math.floor(engine.clock.wallMs() / 1000) * 1000
  const effectiveAtMs = wholeSecondsMs - dayMs - ageMs
  const expireAtMs = effectiveAtMs + fiveYearsMs
  const certificatePem = issueCertificate({
    serialNo,
    subject,
    issuer: authorityName,
    publicKey: pair.publicKey,
    signingKey: authority.key,
    notBeforeMs: effectiveAtMs,
    notAfterMs: expireAtMs,
    purpose,
  })
  return { serialNo, certificatePem, privateKeyPem: toPrivatePem(pair), effectiveAtMs, expireAtMs }
}

const toPublicPem = (pair: Pair): string => pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
