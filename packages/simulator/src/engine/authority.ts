import { generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto'
import { type DistinguishedName, issueCertificate } from '../crypto/certificate.ts'
import { generateRsaPair, type KeyCache } from '../crypto/rsa.ts'
import type { Engine } from './engine.ts'
import { alphabets, randomText } from './random.ts'
import type { Fact } from './records.ts'

const dayMs = 86_400_000
const yearMs = 365 * dayMs

/** Who issues every certificate of the simulated WeChat: of merchants, of the platform, of the https port. */
export interface Authority {
  readonly key: KeyObject
  readonly certificatePem: string
}

export const authorityName: DistinguishedName = {
  C: 'CN',
  O: 'Tenpay.com',
  OU: 'Tenpay.com CA Center',
  CN: 'Tenpay.com Root CA',
}

/** The authority, made at the first start and kept in the books. */
export async function authorityOf(engine: Engine, keys: KeyCache): Promise<Authority> {
  const stored = engine.books.facts.get('authority')
  if (stored?.name === 'authority') {
    return { key: keys.privateKey(stored.privateKeyPem), certificatePem: stored.certificatePem }
  }
  const pair = await generateRsaPair()
  const nowMs = engine.clock.wallMs()
  const certificatePem = issueCertificate({
    serialNo: newSerialNo(engine),
    subject: authorityName,
    issuer: authorityName,
    publicKey: pair.publicKey,
    signingKey: pair.privateKey,
    notBeforeMs: nowMs - dayMs,
    notAfterMs: nowMs + 10 * yearMs,
    purpose: 'authority',
  })
  const fact: Fact = { name: 'authority', certificatePem, privateKeyPem: toPrivatePem(pair) }
  engine.books.transact(() => engine.books.facts.put(fact))
  return { key: pair.privateKey, certificatePem }
}

/** What the https port shows to clients, and who vouches for it. All PEM. */
export interface SecureIdentity {
  readonly caPem: string
  readonly certificatePem: string
  readonly privateKeyPem: string
}

/** The https port's certificate for this machine's loopback names, kept in the books; made anew when it has run out. */
export async function secureIdentityOf(engine: Engine, keys: KeyCache): Promise<SecureIdentity> {
  const authority = await authorityOf(engine, keys)
  const stored = engine.books.facts.get('https')
  const nowMs = engine.clock.wallMs()
  if (stored?.name === 'https' && Date.parse(new X509Certificate(stored.certificatePem).validTo) > nowMs + yearMs) {
    return { ...stored, caPem: authority.certificatePem }
  }
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const certificatePem = issueCertificate({
    serialNo: newSerialNo(engine),
    subject: { C: 'CN', L: 'Shenzhen', O: 'Tenpay.com', CN: 'localhost' },
    issuer: authorityName,
    publicKey: pair.publicKey,
    signingKey: authority.key,
    notBeforeMs: nowMs - dayMs,
    notAfterMs: nowMs + 5 * yearMs,
    purpose: 'server',
    hosts: ['localhost', Buffer.from([127, 0, 0, 1]), Buffer.from([...Buffer.alloc(15), 1])],
  })
  const fact: Fact = { name: 'https', certificatePem, privateKeyPem: toPrivatePem(pair) }
  engine.books.transact(() => engine.books.facts.put(fact))
  return { certificatePem, privateKeyPem: fact.privateKeyPem, caPem: authority.certificatePem }
}

/** A serial number as WeChat's: 40 upper-case hex digits, the first of them 4 to 7. */
export const newSerialNo = (engine: Engine): string =>
  randomText(engine.random, '4567', 1) + randomText(engine.random, alphabets.hex, 39).toUpperCase()

export const toPrivatePem = (pair: { privateKey: KeyObject }): string =>
  pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
