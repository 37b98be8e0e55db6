import { answerRefundRequest } from '../commands/ask-refund.ts'
import type { CliContext } from './cli-context.ts'
import { type AddCommands, deciding, listing } from './command-parts.ts'
import { readNewest } from './newest.ts'
import { tellRefund } from './refund-commands.ts'
import { show } from './show.ts'
import { table } from './text-layout.ts'
import { dateTime, yuan } from './words.ts'

export const addRequestCommands: AddCommands = (program, run) => {
  listing(program, 'refund-requests', 'what users ask to have back, and wait for an answer')
    .option('--all', 'the answered ones too')
    .action((options: { json?: boolean; limit: string; all?: boolean }) =>
      run(async ({ host, reports, merchantId }) => {
        const id = await merchantId()
        const { rows: requests, more } = await readNewest(options.limit, (limit) =>
          reports.refundRequests(id, options.all !== true, limit),
        )
        show(host, options, { refund_requests: requests }, (report) =>
          report.refund_requests.length === 0
            ? ['Nobody waits for an answer.']
            : [
                ...table(
                  [
                    { title: 'order' },
                    { title: 'status' },
                    { title: 'amount', align: 'right' },
                    { title: 'asked' },
                    { title: 'pieces' },
                    { title: 'reason' },
                    { title: 'answer' },
                  ],
                  report.refund_requests.map((request) => [
                    request.order_number,
                    request.status,
                    yuan(request.amount_fen),
                    dateTime(request.created_at),
                    request.items.map(({ sku, quantity }) => `${sku}=${quantity}`).join(' ') || 'all',
                    request.reason,
                    request.answer ?? '',
                  ]),
                ),
                ...more,
              ],
        )
        return undefined
      }),
    )

  deciding(program, 'accept-refund <order_number>', 'give the user what they ask for')
    .option('--answer <text>', 'what the user reads', '')
    .action((orderNumber: string, options: { answer: string; by?: string }) =>
      run((context) => answer(context, orderNumber, true, options)),
    )

  deciding(program, 'decline-refund <order_number>', 'say no to what the user asks for')
    .requiredOption('--answer <text>', 'what the user reads')
    .action((orderNumber: string, options: { answer: string; by?: string }) =>
      run((context) => answer(context, orderNumber, false, options)),
    )
}

async function answer(
  context: CliContext,
  orderNumber: string,
  accept: boolean,
  { answer: text, by }: { answer: string; by?: string },
): Promise<undefined> {
  const { host } = context
  const said = { accept, text, staff: by ?? host.user }
  const { request, refund } = await answerRefundRequest(context, await context.merchantId(), orderNumber, said)
  host.write(`The request for ${yuan(request.amountFen)} of order ${orderNumber} is ${request.status}.\n`)
  return refund === undefined ? undefined : tellRefund(context, refund)
}
