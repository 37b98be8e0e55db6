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
const tlsForm =
  /^(?:ERR_TLS_|ERR_SSL_|CERT_|CRL_|EPROTO$|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH)/

/**
 * What `fetch` threw, as a typed error. Whether the request may have left is judged by the system's code alone; any
 * code that is not known counts as "may have". The original error is not kept: it can hold the URL.
 */
export function toTransportError(error: unknown, phase: 'request' | 'body'): WechatTransportError {
  const { code, syscall } = systemFacts(error)
  const reason = phase === 'body' ? bodyReason(code) : requestReason(code, syscall)
  const outcomeUnknown = reason !== 'dns' && reason !== 'connect' && reason !== 'tls'
  return new WechatTransportError(reason, messages[reason], {
    outcomeUnknown,
    ...(code === undefined ? {} : { systemCode: code }),
  })
}

const messages = {
  dns: 'The name of the WeChat host could not be resolved; nothing was sent',
  connect: 'No connection to the WeChat host; nothing was sent',
  tls: 'The TLS connection to the WeChat host failed; nothing was sent. Check the clock and the root certificates',
  reset: 'The connection broke before the whole answer came; ask for the result',
  timeout: 'The answer did not come in time; ask for the result',
} satisfies Partial<Record<TransportReason, string>>

function requestReason(code: string | undefined, syscall: string | undefined): keyof typeof messages {
  if (code === undefined) return 'reset'
  if (dnsCodes.has(code)) return 'dns'
  if (connectCodes.has(code) || syscall === 'connect') return 'connect'
  if (tlsForm.test(code)) return 'tls'
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
