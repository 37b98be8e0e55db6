import { rsaVerify } from '../../crypto/rsa.ts'
import type { CertifiedKey } from '../../engine/records.ts'
import type { World } from '../../world.ts'
import type { Call } from '../exchange.ts'

/** A signed request whose signature does not fit `used`. */
export interface RefusedSignature {
  readonly call: Call
  readonly timestamp: string
  readonly nonce: string
  readonly signature: string
  readonly used: CertifiedKey
}

/** Tries the usual mistakes until one of them makes the signature right; `undefined` when none does. */
export async function explainV3Signature(world: World, refused: RefusedSignature): Promise<string | undefined> {
  const { call, timestamp, nonce, signature, used } = refused
  const lines = (method: string, target: string, body: string): string =>
    `${method}\n${target}\n${timestamp}\n${nonce}\n${body}\n`
  const right = lines(call.method, call.target, call.text)
  const key = world.keys.publicKey(used.certificatePem)
  const attempts: (readonly [reason: string, message: string])[] = [
    ['the last line has no LF; all five lines end with one', right.slice(0, -1)],
    ['the body was not signed', lines(call.method, call.target, '')],
    ['the path was signed without its query', lines(call.method, call.path, call.text)],
    [
      'the whole address was signed; only path and query are',
      lines(call.method, `http://${call.headers.host}${call.target}`, call.text),
    ],
    ['the path was signed decoded; sign it as it is sent', lines(call.method, safeDecode(call.target), call.text)],
    ['the method was signed in lower case', lines(call.method.toLowerCase(), call.target, call.text)],
    [
      'the body was changed after signing, by blanks or by serialising it again',
      lines(call.method, call.target, reserialised(call.text)),
    ],
    ['timestamp and nonce changed places', `${call.method}\n${call.target}\n${nonce}\n${timestamp}\n${call.text}\n`],
  ]
  for (const [reason, message] of attempts) {
    if (message !== right && (await rsaVerify(message, signature, key))) return reason
  }
  for (const merchant of world.books.merchants.values()) {
    for (const certificate of merchant.certificates) {
      if (
        certificate !== used &&
        (await rsaVerify(right, signature, world.keys.publicKey(certificate.certificatePem)))
      ) {
        return `signed with the key of certificate ${certificate.serialNo} of merchant ${merchant.mchid}, but serial_no says ${used.serialNo}`
      }
    }
  }
  return undefined
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function reserialised(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text))
  } catch {
    return text.trim()
  }
}
