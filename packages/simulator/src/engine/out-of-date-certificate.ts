import { createHash, createPublicKey } from 'node:crypto'
import { issueCertificate } from '../crypto/certificate.ts'
import type { KeyCache } from '../crypto/rsa.ts'
import { authorityName } from './authority.ts'
import type { Engine } from './engine.ts'
import { platformName } from './merchants.ts'
import type { CertifiedKey, Merchant } from './records.ts'

const dayMs = 86_400_000
const yearMs = 365 * dayMs

/**
 * A platform certificate that has expired yesterday or is valid from tomorrow on. Its serial number is the same each
 * time; its key is that of the newest certificate.
 */
export function outOfDateCertificate(
  { books, clock }: Engine,
  keys: KeyCache,
  merchant: Merchant,
  state: 'expired' | 'not-yet-valid',
): CertifiedKey | undefined {
  const newest = merchant.platformCertificates.at(-1)
  const authority = books.facts.get('authority')
  if (!newest || authority?.name !== 'authority') return undefined
  const todayMs = Math.floor(clock.wallMs() / dayMs) * dayMs
  const effectiveAtMs = state === 'expired' ? todayMs - 5 * yearMs : todayMs + 2 * dayMs
  const expireAtMs = state === 'expired' ? todayMs - dayMs : todayMs + 5 * yearMs
  const digest = createHash('sha256').update(`${state}/${newest.serialNo}`).digest('hex')
  const serialNo = `4${digest.slice(0, 39).toUpperCase()}`
  const certificatePem = issueCertificate({
    serialNo,
    subject: platformName,
    issuer: authorityName,
    publicKey: createPublicKey(newest.certificatePem),
    signingKey: keys.privateKey(authority.privateKeyPem),
    notBeforeMs: effectiveAtMs,
    notAfterMs: expireAtMs,
    purpose: 'signing',
  })
  return { serialNo, certificatePem, privateKeyPem: newest.privateKeyPem, effectiveAtMs, expireAtMs }
}
