/** `GET /v3/certificates`. See pay-v3, "Platform certificates and public key mode". */
import type { KeyObject } from 'node:crypto'
import { PlatformKey } from '../auth/platform-key.ts'
import { normalSerial } from '../auth/serial.ts'
import {
  badSignature,
  checkClock,
  type HeaderSource,
  readSignedHeaders,
  signatureBytes,
  signedMessage,
} from '../auth/signed-headers.ts'
import { decryptResource } from '../crypto/aes-gcm.ts'
import { WechatMalformedError, WechatSignatureError } from '../errors.ts'
import { parseJsonObject } from '../wire/json-fields.ts'
import { readEncryptedResource } from '../wire/v3-notify.ts'

/**
 * Decrypts the certificates of an answer. One that does not carry the serial number it is listed under, or is not RSA,
 * spoils the whole answer: WeChat lists RSA certificates only, unless asked for others.
 */
export function decryptCertificates(body: Uint8Array, apiV3Key: KeyObject): PlatformKey[] {
  return parseJsonObject(body)
    .objects('data')
    .map((item) => {
      const pem = decryptResource(readEncryptedResource(item.object('encrypt_certificate')), apiV3Key).toString('utf8')
      try {
        return PlatformKey.fromCertificate(item.text('serial_no'), pem)
      } catch (error) {
        if (!(error instanceof TypeError)) throw error
        throw new WechatMalformedError(
          'invalid_field',
          `A downloaded certificate is unusable: ${error.message}`,
          'data',
        )
      }
    })
}

/**
 * Verifies the download with a key known before or one of the certificates just decrypted: the authenticity of the
 * first download rests on GCM under the APIv3 key, as WeChat documents.
 */
export async function verifyCertificates(
  answer: { headers: HeaderSource; body: Uint8Array },
  certificates: readonly PlatformKey[],
  findKnown: (serial: string) => PlatformKey | undefined,
  nowMs: number,
): Promise<void> {
  const headers = readSignedHeaders(answer.headers)
  checkClock(headers, nowMs)
  const signature = signatureBytes(headers)
  const signer = certificates.find(({ serial }) => serial === normalSerial(headers.serial)) ?? findKnown(headers.serial)
  if (signer === undefined) {
    throw new WechatSignatureError('unknown_serial', 'The certificates are signed with a key that is not among them')
  }
  if (!signer.isValidAt(nowMs)) {
    throw new WechatSignatureError('key_not_valid_now', 'The certificates are signed with one that is not valid now')
  }
  if (!(await signer.verify(signedMessage(headers, answer.body), signature))) throw badSignature(headers)
}
