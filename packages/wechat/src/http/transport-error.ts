import { type TransportReason, WechatTransportError } from '../errors.ts'

const dnsCodes = new Set(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'EAI_NODATA', 'EAI_NONAME'])
const connectCodes = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
])
const timeoutCodes = new Set(['ETIMEDOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'])
/** Can come long after the request has left. */
const lateTlsForm = /BAD_RECORD_MAC|DECRYPTION_FAILED|UNEXPECTED_EOF|BAD_WRITE_RETRY/
/** How a host says in TLS 1.3 that it does not take our certificate, when our side of the handshake is long done. */
const certificateAlertForm =
  /^ERR_SSL_.*ALERT_(?:(?:BAD_|UNSUPPORTED_|NO_)?CERTIFICATE(?:_\w+)?|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE|DECRYPT_ERROR)$/
const tlsForm =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|EPROTO$|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH)/

/** Thrown by a fetch that knows whether the request had been handed to the connection when it failed. */
export class ConnectionError extends Error {
  readonly sent: boolean

  constructor(sent: boolean, cause: unknown) {
    super(sent ? 'The connection failed after the request' : 'The connection failed before the request', { cause })
    this.sent = sent
  }
}

/**
 * What `fetch` threw, as a typed error. Whether the request may have left is judged by the system's code alone; any
 * code that is not known counts as "may have"; a {@link ConnectionError} knows better. The original error is not kept: it can hold the URL.
 */
export function toTransportError(error: unknown, phase: 'request' | 'body'): WechatTransportError {
  const { code, syscall } = systemFacts(error)
  const reason = phase === 'body' ? bodyReason(code) : reasonOf(error, code, syscall)
  const outcomeUnknown = reason !== 'dns' && reason !== 'connect' && reason !== 'tls'
  return new WechatTransportError(reason, messages[reason], {
    outcomeUnknown,
    ...(code === undefined ? {} : { systemCode: code }),
  })
}

const messages = {
  dns: 'The name of the WeChat host could not be resolved; nothing was sent',
  connect: 'No connection to the WeChat host; nothing was sent',
  tls: 'The TLS connection to the WeChat host failed; nothing was sent. Check clock and certificates',
  reset: 'The connection broke before the whole answer came; ask for the result',
  timeout: 'The answer did not come in time; ask for the result',
} satisfies Partial<Record<TransportReason, string>>

function reasonOf(error: unknown, code: string | undefined, syscall: string | undefined): keyof typeof messages {
  if (!(error instanceof ConnectionError)) return requestReason(code, syscall)
  if (error.sent) return code !== undefined && certificateAlertForm.test(code) ? 'tls' : bodyReason(code)
  const reason = requestReason(code, syscall)
  return reason === 'dns' || reason === 'tls' ? reason : 'connect'
}

function requestReason(code: string | undefined, syscall: string | undefined): keyof typeof messages {
  if (code === undefined) return 'reset'
  if (dnsCodes.has(code)) return 'dns'
  if (connectCodes.has(code) || syscall === 'connect') return 'connect'
  if (tlsForm.test(code) && !lateTlsForm.test(code)) return 'tls'
  return timeoutCodes.has(code) ? 'timeout' : 'reset'
}

function bodyReason(code: string | undefined): 'timeout' | 'reset' {
  return code !== undefined && timeoutCodes.has(code) ? 'timeout' : 'reset'
}

/** The first system code on the chain of causes, at most four deep. */
function systemFacts(error: unknown): { code?: string; syscall?: string } {
  let current = error
  for (let depth = 0; depth < 4 && current instanceof Error; depth++) {
    const code = 'code' in current && typeof current.code === 'string' ? current.code : undefined
    const syscall = 'syscall' in current && typeof current.syscall === 'string' ? current.syscall : undefined
    if (code !== undefined) return syscall === undefined ? { code } : { code, syscall }
    current = current.cause
  }
  return {}
}

/** The error for the limit that this call set itself. */
export function timeoutError(): WechatTransportError {
  return new WechatTransportError('timeout', messages.timeout, { outcomeUnknown: true })
}
