/** Certificates for tests of mutual TLS: an authority, a host it vouches for, a merchant it vouches for. */
import type { KeyObject } from 'node:crypto'
import type { ServerOptions } from 'node:https'
import { makeAuthority } from './make-certificate.ts'
import { makeKeyPair } from './test-platform.ts'

const toPem = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString()

const host = makeKeyPair()
const merchant = makeKeyPair()
const authority = makeAuthority(makeKeyPair().privateKey, 'Test authority')
const stranger = makeAuthority(makeKeyPair().privateKey, 'Stranger')

export const authorityPem = authority.certificate
export const strangerPem = stranger.certificate

const privateKeyPem = toPem(merchant.privateKey)
export const clientCertificate = { certificatePem: authority.issue(merchant.publicKey), privateKeyPem }
/** One that the host does not know the issuer of. */
export const strangersCertificate = { certificatePem: stranger.issue(merchant.publicKey), privateKeyPem }
/** The host's certificate with the merchant's key. */
export const mismatched = { certificatePem: authority.issue(host.publicKey), privateKeyPem }

/** A host that demands a certificate of the authority's. */
export const demanding: ServerOptions = {
  key: toPem(host.privateKey),
  cert: authority.issue(host.publicKey),
  ca: authority.certificate,
  requestCert: true,
}

/** The same host under a certificate for another address. */
export const misnamed: ServerOptions = { ...demanding, cert: authority.issue(host.publicKey, [127, 0, 0, 2]) }
