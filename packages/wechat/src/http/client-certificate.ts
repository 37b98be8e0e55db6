import { X509Certificate } from 'node:crypto'
import { toRsaPrivateKey } from '../crypto/rsa-sha256.ts'

/** The merchant's API certificate as it proves who connects. From `apiclient_cert.pem` and `apiclient_key.pem`. */
export interface ClientCertificate {
  certificatePem: string
  privateKeyPem: string
}

/** @throws TypeError, without the key, unless the two are PEM, RSA and belong together */
export function checkClientCertificate({ certificatePem, privateKeyPem }: ClientCertificate): ClientCertificate {
  const certificate = toCertificate('clientCertificate.certificatePem', certificatePem)
  if (typeof privateKeyPem !== 'string') throw new TypeError('clientCertificate.privateKeyPem must be PEM')
  const privateKey = toRsaPrivateKey('clientCertificate.privateKeyPem', privateKeyPem)
  if (certificate.checkPrivateKey(privateKey)) return { certificatePem, privateKeyPem }
  throw new TypeError('clientCertificate: the private key is not the one of the certificate')
}

/** @throws TypeError unless the text begins with an X.509 certificate in PEM */
export function toCertificate(name: string, pem: unknown): X509Certificate {
  try {
    if (typeof pem === 'string') return new X509Certificate(pem)
  } catch {
    // Said below: the parser's own words help nobody.
  }
  throw new TypeError(`${name} must be an X.509 certificate in PEM`)
}
