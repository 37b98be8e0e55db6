import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConnectionError, toTransportError } from './transport-error.ts'

/** What a code means: as fetch throws it, before the request was handed over, and after. */
const table: Array<[code: string | undefined, byFetch: string, before: string, after: string]> = [
  ['ENOTFOUND', 'dns', 'dns', 'reset'],
  ['EAI_AGAIN', 'dns', 'dns', 'reset'],
  ['ECONNREFUSED', 'connect', 'connect', 'reset'],
  ['UND_ERR_CONNECT_TIMEOUT', 'connect', 'connect', 'reset'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls', 'tls', 'reset'],
  ['CERT_HAS_EXPIRED', 'tls', 'tls', 'reset'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls', 'tls', 'reset'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls', 'tls', 'reset'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'tls', 'tls', 'tls'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'tls', 'tls', 'tls'],
  ['ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE', 'tls', 'tls', 'tls'],
  ['ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED', 'tls', 'tls', 'tls'],
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'tls', 'tls', 'tls'],
  ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'tls', 'tls', 'reset'],
  ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'reset', 'connect', 'reset'],
  ['ERR_SSL_UNEXPECTED_EOF_WHILE_READING', 'reset', 'connect', 'reset'],
  ['ECONNRESET', 'reset', 'connect', 'reset'],
  ['EPIPE', 'reset', 'connect', 'reset'],
  ['ETIMEDOUT', 'timeout', 'connect', 'timeout'],
  ['A_FUTURE_CODE', 'reset', 'connect', 'reset'],
  [undefined, 'reset', 'connect', 'reset'],
]

for (const [code, byFetch, before, after] of table) {
  test(`F42: ${code} is ${byFetch}, ${before} before and ${after} after sending; only what left is unknown`, () => {
    const cause = Object.assign(new Error('x'), code === undefined ? {} : { code })
    const readings: Array<[Error, string]> = [
      [new TypeError('fetch failed', { cause }), byFetch],
      [new ConnectionError(false, cause), before],
      [new ConnectionError(true, cause), after],
    ]
    for (const [error, reason] of readings) {
      const read = toTransportError(error, 'request')
      assert.equal(read.reason, reason)
      assert.equal(read.outcomeUnknown, reason === 'reset' || reason === 'timeout')
      assert.equal(read.systemCode, code)
    }
    assert.equal(toTransportError(cause, 'body').outcomeUnknown, true)
  })
}
