import { type ErrorCode, errorCatalogue } from '@fenpay/contract'
import { ConfigError } from '../config.ts'
import { Refusal } from '../domain/refusal.ts'
import { isDatabaseUnavailable } from '../storage/connect.ts'
import { DataDirectoryInUse, EmbeddedPostgresError } from '../storage/embedded/embedded-postgres-error.ts'
import { CliFailure } from './cli-failure.ts'

/** What the API's catalogue tells a user, told to the staff. */
const forStaff: Partial<Record<ErrorCode, { title: string; advice: string }>> = {
  order_not_found: { title: 'No such order.', advice: 'See the orders there are: fenpay orders' },
  order_not_paid: { title: 'There is no payment to give back.', advice: 'See what happened: fenpay order <number>' },
  refund_exceeds_payment: {
    title: errorCatalogue.refund_exceeds_payment.title,
    advice: 'See what is left, and which refunds hold the rest: fenpay order <number>',
  },
  refund_item_unavailable: {
    title: errorCatalogue.refund_item_unavailable.title,
    advice: 'See the pieces that no refund holds: fenpay order <number>',
  },
  refund_too_soon: {
    title: errorCatalogue.refund_too_soon.title,
    advice: 'If you meant one refund, it is made: fenpay order <number>. A second one can be made in a minute.',
  },
  refund_request_not_found: {
    title: errorCatalogue.refund_request_not_found.title,
    advice: 'See what waits for an answer: fenpay refund-requests',
  },
  idempotency_key_reused: {
    title: 'This --key was used for another refund.',
    advice: 'Repeat a refund with the same words, or choose a new key for a new one.',
  },
}

/** An error in words, and the exit code it ends with; undefined for a bug, which is shown with its stack. */
export function explain(error: unknown): { text: string; exitCode: 1 | 2 } | undefined {
  if (error instanceof CliFailure) return told(error.code, error.message, error.todo, error.exitCode)
  if (error instanceof Refusal) {
    const { title, advice } = forStaff[error.code] ?? errorCatalogue[error.code]
    // What is said to a user about an order of theirs says nothing to the staff.
    const said = error.code === 'order_not_found' ? title : `${title} ${error.message}`
    return told(error.code, said, advice)
  }
  if (error instanceof ConfigError)
    return told('configuration', error.message, 'See docs/configuration.md, and the .env of this folder.', 2)
  if (error instanceof DataDirectoryInUse)
    return told('database_busy', error.message, 'Try again in a moment: a server may be starting or stopping.')
  if (error instanceof EmbeddedPostgresError)
    return told(error.code.toLowerCase(), error.message, 'See postgres.log in the data directory.')
  if (isDatabaseUnavailable(error))
    return told(
      'database_unavailable',
      `The database does not answer: ${(error as Error).message}`,
      'See that it runs, and that DATABASE_URL or FENPAY_DATA_DIR is the one of the server.',
    )
  if (isDatabaseRefusal(error))
    return told(
      'database_refused',
      `The database does not let the command line in: ${(error as Error).message}`,
      'Compare user, password and database in DATABASE_URL with those of the server.',
    )
  return undefined
}

/** Wrong user, wrong password, no such database. */
function isDatabaseRefusal(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return ['28000', '28P01', '3D000'].some((refused) => refused === code)
}

function told(code: string, what: string, todo: string, exitCode: 1 | 2 = 1): { text: string; exitCode: 1 | 2 } {
  return { text: `${code}: ${what}\n  What to do: ${todo}\n`, exitCode }
}
