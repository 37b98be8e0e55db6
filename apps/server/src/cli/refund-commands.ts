import { fen, sumFen, timesFen } from '@fenpay/contract'
import { askRefundCorrection } from '../commands/ask-refund-correction.ts'
import { refundOrder, refundPayment } from '../commands/refund-order.ts'
import { settleAbnormalRefund } from '../commands/settle-abnormal-refund.ts'
import { withdrawRefundCorrection } from '../commands/withdraw-refund-correction.ts'
import { type CorrectionRefusal, judgeRefund, leftFen, type PaymentBalance, type Refund } from '../domain/refund.ts'
import { Refusal } from '../domain/refusal.ts'
import { awaitServer } from './await-server.ts'
import type { CliContext } from './cli-context.ts'
import { CliFailure, wrongUse } from './cli-failure.ts'
import { type AddCommands, deciding, listing, staffOf } from './command-parts.ts'
import { readNewest } from './newest.ts'
import { readAmount, readItem, readReason } from './read-amount.ts'
import { show } from './show.ts'
import { table } from './text-layout.ts'
import { count, dateTime, personOf, spoken, yuan } from './words.ts'

interface PaymentRefundOptions {
  amount?: string
  reason: string
  key?: string
  yes?: boolean
  by?: string
}

interface RefundOptions extends PaymentRefundOptions {
  item?: string[]
}

export const addRefundCommands: AddCommands = (program, run) => {
  listing(program, 'refunds', 'the newest refunds')
    .option('--open', 'those without a result')
    .action((options: { json?: boolean; limit: string; open?: boolean }) =>
      run(async ({ host, reports, merchantId }) => {
        const open = options.open === true
        const id = await merchantId()
        const { rows: refunds, more } = await readNewest(options.limit, (limit) => reports.refunds(id, open, limit))
        show(host, options, { refunds }, (report) =>
          report.refunds.length === 0
            ? [open ? 'No refund waits for a result.' : 'No refund.']
            : [
                ...table(
                  [
                    { title: 'refund' },
                    { title: 'status' },
                    { title: 'amount', align: 'right' },
                    { title: 'made' },
                    { title: 'order or payment' },
                    { title: "WeChat's words" },
                  ],
                  report.refunds.map((refund) => [
                    refund.out_refund_no,
                    spoken(refund.status),
                    yuan(refund.amount_fen),
                    dateTime(refund.created_at),
                    refund.order_number ?? refund.transaction_id,
                    refund.refusal_code ?? '',
                  ]),
                ),
                ...more,
              ],
        )
        return undefined
      }),
    )

  deciding(program, 'refund <order_number>', 'give money of a paid order back')
    .option('--amount <yuan>', 'a part of it, such as 12.34; without --amount and --item all that is left')
    .option('--item <sku[=quantity]>', 'pieces of it, one without a quantity; may be given again', collect)
    .requiredOption('--reason <text>', 'what the user reads, 1 to 80 characters')
    .option('--key <text>', 'the same key again is the same refund, never a second one')
    .option('--yes', 'do not ask')
    .addHelpText(
      'after',
      '\nThe same by accident: within a minute a second refund is refused, since WeChat takes none; later only --key tells\nwhether it is the same one. It asks, with the earlier refunds in view, before anything is done.',
    )
    .action((orderNumber: string, options: RefundOptions) =>
      run((context) => refundAnOrder(context, orderNumber, options)),
    )

  deciding(program, 'refund-payment <transaction_id>', 'give money back that pays no order')
    .option('--amount <yuan>', 'a part of it, such as 12.34; without --amount all that is left')
    .requiredOption('--reason <text>', 'what the user reads, 1 to 80 characters')
    .option('--key <text>', 'the same key again is the same refund, never a second one')
    .option('--yes', 'do not ask')
    .action((transactionId: string, options: PaymentRefundOptions) =>
      run((context) => refundAPayment(context, transactionId, options)),
    )

  deciding(program, 'refund-settle <refund_number>', 'an abnormal refund that a person paid by other means is over')
    .requiredOption('--note <text>', 'how it was paid')
    .action((number: string, { note, by }: { note: string; by?: string }) =>
      run(async (context) => {
        const decided = { note, by: staffOf(context, by) }
        const outcome = await settleAbnormalRefund(context, await context.merchantId(), number, decided)
        if (outcome.outcome === 'refused')
          throw new CliFailure(outcome.code, outcome.detail, 'See the refunds without a result: fenpay refunds --open')
        context.host.write(
          `Refund ${number} over ${yuan(outcome.refund.amountFen)} is settled by ${personOf(decided.by)}.\n`,
        )
        return undefined
      }),
    )

  deciding(program, 'refund-correct <refund_number>', 'a failed refund that WeChat made all the same is put right')
    .option('--withdraw', 'not any more: WeChat is asked about it no longer')
    .addHelpText('after', '\nA server asks WeChat about it, and only what WeChat says is followed.')
    .action((number: string, { withdraw, by }: { withdraw?: boolean; by?: string }) =>
      run((context) => {
        const change = withdraw === true ? withdrawACorrection : correctARefund
        return change(context, number, staffOf(context, by))
      }),
    )
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value]
}

async function refundAnOrder(context: CliContext, orderNumber: string, options: RefundOptions): Promise<undefined> {
  const { amount, item, key } = options
  if (amount !== undefined && item !== undefined)
    throw wrongUse('--amount and --item exclude each other.', 'Give one of them, or none for all that is left.')
  const ask = {
    ...(amount === undefined ? {} : { amountFen: readAmount(amount) }),
    ...(item === undefined ? {} : { items: item.map(readItem) }),
    reason: readReason(options.reason),
  }
  const merchantId = await context.merchantId()
  const payment = await context.store.reads.paymentOfOrder(merchantId, orderNumber)
  if (payment !== undefined) {
    const planned = ask.amountFen ?? (await piecesFen(context, payment, ask.items)) ?? leftFen(payment)
    const refused = judgeRefund(payment, planned, context.world.now())
    // Under a key it may be made already, and is then told again; without one nobody is asked about what cannot be.
    const isPossible = refused === undefined && planned > 0
    if (key !== undefined || isPossible) {
      const pieces = ask.items?.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(', ')
      await askFirst(context, options, [
        `Order ${orderNumber}: ${sumsOf(payment)}.`,
        ...(await earlierRefunds(context, merchantId, orderNumber)),
        `To be given back now: ${yuan(planned)}${pieces === undefined ? '' : ` (${pieces})`}, “${ask.reason}”.`,
      ])
    }
  }
  const by = {
    source: 'staff' as const,
    actor: staffOf(context, options.by),
    ...(key === undefined ? {} : { key }),
  }
  const made = refundOrder(context, merchantId, orderNumber, ask, by)
  return tellRefund(context, await made.catch((error: unknown) => inYuan(error, payment)))
}

function sumsOf(payment: PaymentBalance): string {
  const { paidFen, refundedFen, reservedFen } = payment
  return `paid ${yuan(paidFen)}, given back ${yuan(refundedFen)}, held ${yuan(reservedFen - refundedFen)}, left ${yuan(leftFen(payment))}`
}

/** What a payment's balance forbids, said in the staff's unit. @throws always */
function inYuan(error: unknown, payment: PaymentBalance | undefined): never {
  const codes = ['refund_exceeds_payment', 'refund_too_many', 'refund_too_soon', 'refund_too_late']
  if (!(error instanceof Refusal) || payment === undefined || !codes.includes(error.code)) throw error
  const held = `${count(payment.refundCount, 'refund')} of it over ${yuan(payment.reservedFen)} in all`
  throw new Refusal(
    error.code,
    `The payment took ${yuan(payment.paidFen)}; there ${payment.refundCount === 1 ? 'is' : 'are'} ${held}; ${yuan(leftFen(payment))} is left.`,
  )
}

/** What the pieces cost; undefined for an order that is not refunded by piece. */
async function piecesFen(
  { store }: CliContext,
  payment: PaymentBalance,
  items: { sku: string; quantity: number }[] | undefined,
): Promise<number | undefined> {
  if (items === undefined) return undefined
  const pieces = await store.reads.refundablePieces(payment.merchantId, payment.orderNumber ?? '')
  return sumFen(
    items.map(({ sku, quantity }) => timesFen(pieces.find((piece) => piece.sku === sku)?.priceFen ?? fen(0), quantity)),
  )
}

async function earlierRefunds({ store }: CliContext, merchantId: string, orderNumber: string): Promise<string[]> {
  const refunds = await store.reads.refundsOfOrder(merchantId, orderNumber)
  return refunds.map(
    ({ refund }) =>
      `  before: ${yuan(refund.amountFen)} at ${dateTime(refund.createdAt)}, ${spoken(refund.status)}, “${refund.reason}”`,
  )
}

async function refundAPayment(
  context: CliContext,
  transactionId: string,
  options: PaymentRefundOptions,
): Promise<undefined> {
  const { amount, key } = options
  const ask = {
    ...(amount === undefined ? {} : { amountFen: readAmount(amount) }),
    reason: readReason(options.reason),
  }
  const merchantId = await context.merchantId()
  const payment = await context.store.reads.payment(merchantId, transactionId)
  if (payment === undefined)
    throw new CliFailure(
      'payment_not_found',
      `No payment ${transactionId} is known.`,
      'See what is in suspense: fenpay payments --suspense',
    )
  if (payment.disposition === 'order')
    throw new CliFailure(
      'payment_on_order',
      `Payment ${transactionId} pays the order ${payment.orderNumber ?? ''}.`,
      `Refund that: fenpay refund ${payment.orderNumber ?? '<order_number>'}`,
    )
  const planned = ask.amountFen ?? leftFen(payment)
  const isPossible = judgeRefund(payment, planned, context.world.now()) === undefined && planned > 0
  if (key !== undefined || isPossible)
    await askFirst(context, options, [
      `Payment ${transactionId} in suspense (${spoken(payment.suspenseReason ?? '')}): ${sumsOf(payment)}.`,
      `To be given back now: ${yuan(planned)}, “${ask.reason}”.`,
    ])
  const by = { actor: staffOf(context, options.by), ...(key === undefined ? {} : { key }) }
  const made = refundPayment(context, merchantId, transactionId, ask, by)
  return tellRefund(context, await made.catch((error: unknown) => inYuan(error, payment)))
}

async function correctARefund(context: CliContext, number: string, by: string): Promise<undefined> {
  const { host, store } = context
  const merchantId = await context.merchantId()
  const asked = await askRefundCorrection(context, merchantId, number, by)
  if (asked.outcome === 'refused')
    throw new CliFailure(asked.code, asked.detail, 'See the refunds there are: fenpay refunds')
  let { refund } = asked
  host.write(`WeChat is asked about refund ${number} over ${yuan(refund.amountFen)}.\n`)
  const hint = await awaitServer(context, async () => {
    refund = (await store.reads.findRefund(merchantId, number)) ?? refund
    return refund.correctionBy === undefined
  })
  if (refund.correctionRefusal !== undefined) {
    const { code, message } = refund.correctionRefusal
    throw new CliFailure(code, message, notCorrected[code](refund))
  }
  host.write(hint === undefined ? `Put right; it ${states[refund.status]}.\n` : `${hint}\n`)
  return undefined
}

async function withdrawACorrection(context: CliContext, number: string, by: string): Promise<undefined> {
  const outcome = await withdrawRefundCorrection(context, await context.merchantId(), number, by)
  if (outcome.outcome === 'refused')
    throw new CliFailure(outcome.code, outcome.detail, 'See the refunds there are: fenpay refunds')
  const { amountFen, status } = outcome.refund
  context.host.write(`Refund ${number} over ${yuan(amountFen)} stays ${status}; WeChat is asked about it no longer.\n`)
  return undefined
}

const notCorrected: Record<CorrectionRefusal, (refund: Refund) => string> = {
  nothing_to_correct: ({ orderNumber, transactionId }) =>
    `See what happened: fenpay order ${orderNumber ?? transactionId}`,
  refund_differs: () =>
    'Compare both in the merchant platform, and ask WeChat with both numbers; nothing was changed here.',
  refund_no_room: ({ orderNumber, transactionId }) =>
    `See which: fenpay order ${orderNumber ?? transactionId}. One without a result is refused by WeChat, which has given this one: repeat it then.`,
  correction_withdrawn: ({ outRefundNo }) => `If it is wanted after all: fenpay refund-correct ${outRefundNo}`,
}

async function askFirst({ host }: CliContext, { yes }: { yes?: boolean }, lines: string[]): Promise<void> {
  host.write(`${lines.join('\n')}\n`)
  if (yes === true) return
  if (!host.isTerminal) throw wrongUse('There is nobody to ask.', 'Add --yes.')
  if (!(await host.confirm('Give it back?')))
    throw new CliFailure('not_confirmed', 'Nothing was done.', 'Repeat it when you are sure.')
}

const states: Record<Refund['status'], string> = {
  intended: 'is not sent to WeChat yet',
  unknown: 'was sent to WeChat, without a usable answer yet; it is asked again with the same number',
  waiting_funds: "waits until there is money in the merchant's account; see fenpay flags",
  processing: 'is accepted by WeChat, which is giving the money back',
  succeeded: 'has succeeded: the user has the money',
  abnormal: 'could not be delivered by WeChat; see fenpay flags',
  settled: 'is settled',
  closed: 'was given up by WeChat; see fenpay flags',
  refused: 'was refused by WeChat; see fenpay flags',
}

/** Waits a little for WeChat's answer, which a server brings, and tells the state. */
export async function tellRefund(context: CliContext, made: Refund): Promise<undefined> {
  const { host, store } = context
  host.write(`Refund ${made.outRefundNo} over ${yuan(made.amountFen)} is recorded.\n`)
  let refund = made
  const hint = await awaitServer(context, async () => {
    refund = (await store.reads.findRefund(made.merchantId, made.outRefundNo)) ?? made
    return refund.status !== 'intended' && refund.status !== 'unknown'
  })
  const words = refund.refusal === undefined ? '' : ` (WeChat: ${refund.refusal.code}, ${refund.refusal.message})`
  host.write(`It ${states[refund.status]}${words}.\n${hint === undefined ? '' : `${hint}\n`}`)
  if (refund.status === 'refused' || refund.status === 'closed')
    throw new Refusal('wechat_refused', `The refund is ${refund.status}.`, refund.refusal)
  return undefined
}
