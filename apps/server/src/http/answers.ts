import { type ErrorCode, errorCatalogue } from '@fenpay/contract'
import { problemSchema } from '@fenpay/contract/schemas'

/** The documented errors of a route, by HTTP status, for the OpenAPI page. Every route may also answer 429, 500 and 503. */
export function errorAnswers(...codes: ErrorCode[]) {
  const everywhere: ErrorCode[] = ['invalid_request', 'rate_limited', 'internal', 'database_unavailable']
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of [...codes, ...everywhere]) {
    const { status } = errorCatalogue[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  return Object.fromEntries(
    [...byStatus].map(([status, list]) => [
      status,
      { ...problemSchema, description: list.map((code) => `\`${code}\``).join(', ') },
    ]),
  )
}
