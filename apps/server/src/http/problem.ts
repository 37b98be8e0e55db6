import { type ErrorCode, errorCatalogue, type Problem } from '@fenpay/contract'
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Refusal } from '../domain/refusal.ts'
import type { HttpPorts } from './ports.ts'

/** Fastify's own codes for what is wrong with a request, as ours. Everything else it throws is a bug. */
const fastifyCodes: Record<string, ErrorCode> = {
  FST_ERR_VALIDATION: 'invalid_request',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
  FST_ERR_CTP_BODY_TOO_LARGE: 'body_too_large',
  FST_ERR_CTP_INVALID_JSON_BODY: 'malformed_body',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'malformed_body',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'malformed_body',
  FST_ERR_BAD_URL: 'not_found',
  FST_ERR_MAX_PARAM_LENGTH: 'not_found',
}

/** One table from anything thrown to what the caller reads. Unknown errors answer a fixed text and are logged whole (A55). */
export function toProblem(
  error: unknown,
  requestId: string,
  isDatabaseUnavailable: (error: unknown) => boolean,
): Problem {
  if (error instanceof Refusal) {
    return problem(error.code, error.message, requestId, error.wechat === undefined ? {} : { wechat: error.wechat })
  }
  if (isDatabaseUnavailable(error)) return problem('database_unavailable', '', requestId)
  const code = fastifyCodes[(error as FastifyError).code ?? '']
  if (code === 'invalid_request') {
    return problem(code, 'Some fields are not as documented.', requestId, {
      problems: fieldProblems(error as FastifyError),
    })
  }
  if (code !== undefined) return problem(code, '', requestId)
  const { statusCode } = error as FastifyError
  if (statusCode === 429) return problem('rate_limited', '', requestId)
  // The documentation's files say 403 for a path that climbs out of them (A67).
  if (statusCode === 403 || statusCode === 404) return problem('not_found', '', requestId)
  return problem('internal', '', requestId)
}

export function problem(code: ErrorCode, detail: string, requestId: string, rest: Partial<Problem> = {}): Problem {
  const { status, title, advice } = errorCatalogue[code]
  const sentences = [detail.replace(/[^.]$/, '$&.'), advice].filter((sentence) => sentence !== '').join(' ')
  return { type: 'about:blank', title, status, code, detail: sentences, request_id: requestId, ...rest }
}

/** The validator's findings by field name, without the values: they may be a secret or a person's. */
function fieldProblems(error: FastifyError): { field: string; rule: string }[] {
  return (error.validation ?? []).map((finding) => {
    const name = finding.params['additionalProperty'] ?? finding.params['missingProperty']
    const path = [...finding.instancePath.split('/').slice(1), ...(typeof name === 'string' ? [name.slice(0, 64)] : [])]
    return { field: [error.validationContext ?? 'body', ...path].join('.'), rule: finding.message ?? finding.keyword }
  })
}

/** What every answer carries. */
export function addHeaders(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('x-content-type-options', 'nosniff').header('x-request-id', request.id)
  if (!reply.hasHeader('cache-control')) reply.header('cache-control', 'no-store')
}

/** Answers whatever a route threw, and logs what is ours to mend. */
export function createErrorHandler(ports: Pick<HttpPorts, 'isDatabaseUnavailable'>) {
  return function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply) {
    const body = toProblem(error, request.id, ports.isDatabaseUnavailable)
    if (body.status >= 500)
      request.log[body.code === 'internal' ? 'error' : 'warn']({ err: error, code: body.code }, body.title)
    else request.log.info({ code: body.code }, 'request refused')
    if (body.status === 503) reply.header('retry-after', body.code === 'payment_not_configured' ? '600' : '2')
    return reply.code(body.status).type('application/problem+json').send(body)
  }
}
