import { fen, formatYuan } from '@fenpay/contract'
import { flagCatalogue } from '../domain/flag.ts'
import type { ReportedFlag } from '../storage/report-rows.ts'

/** What a person does about a flag, with every number that is known in its commands. */
export function flagTodo(flag: ReportedFlag): string {
  const { flag_id, subject_type, subject_id, order_number, evidence } = flag
  const ofSubject = (type: ReportedFlag['subject_type'], text = subject_id) =>
    subject_type === type ? text : undefined
  const { amount_fen: amountFen, transaction_id: transactionId } = evidence
  const known: Record<string, string | number | undefined> = {
    '<refund_number>': ofSubject('refund'),
    '<transaction_id>': ofSubject('payment') ?? transactionId,
    '<order_number>': order_number ?? undefined,
    'fenpay order <number>': order_number === null ? undefined : `fenpay order ${order_number}`,
    '<yuan>': typeof amountFen === 'number' ? formatYuan(fen(amountFen)) : undefined,
    'settle-flag <id>': `settle-flag ${flag_id}`,
    'outbox-retry <id>': ofSubject('outbox', `outbox-retry ${subject_id}`),
    'webhook-enable <id>': ofSubject('webhook', `webhook-enable ${subject_id}`),
  }
  return Object.entries(known).reduce(
    (text, [blank, value]) => (value === undefined ? text : text.replaceAll(blank, () => String(value))),
    flagCatalogue[flag.kind].todo,
  )
}
