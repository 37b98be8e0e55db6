import { CliFailure } from './cli-failure.ts'
import { type AddCommands, listing, reading } from './command-parts.ts'
import { sumUp } from './order-sum.ts'
import { orderView } from './order-view.ts'
import { readLimit } from './read-amount.ts'
import { show } from './show.ts'
import { table } from './text-layout.ts'
import { dateTime, spoken, yuan } from './words.ts'

type ListOptions = { json?: boolean; limit: string }

export const addOrderCommands: AddCommands = (program, run) => {
  reading(program, 'order <number>', 'all that happened to an order, and where every fen of it is')
    .addHelpText('after', '\n<number> may also be an out_trade_no, a transaction_id, or the number of a refund.')
    .action((number: string, options: { json?: boolean }) =>
      run(async ({ host, reports, merchantId }) => {
        const report = await reports.order(await merchantId(), number)
        if (report === undefined)
          throw new CliFailure('order_not_found', `Nothing is known by the number ${number}.`, 'See: fenpay orders')
        const sum = sumUp(report)
        show(host, options, { ...report, sum }, orderView)
        return sum.holds ? 0 : 1
      }),
    )

  listing(program, 'orders', 'the newest orders')
    .option('--open', 'those that wait for a payment or a close')
    .option('--paid', 'those that are paid')
    .option('--closed', 'those that are closed')
    .action((options: ListOptions & { open?: boolean; paid?: boolean; closed?: boolean }) =>
      run(async ({ host, reports, merchantId }) => {
        const filter = options.open ? 'open' : options.paid ? 'paid' : options.closed ? 'closed' : 'all'
        const orders = await reports.orders(await merchantId(), filter, readLimit(options.limit))
        show(host, options, { orders }, (report, paint) =>
          report.orders.length === 0
            ? ['No order.']
            : table(
                [
                  { title: 'order' },
                  { title: 'status' },
                  { title: 'total', align: 'right' },
                  { title: 'given back', align: 'right' },
                  { title: 'made' },
                  { title: 'flags', align: 'right' },
                  { title: 'items' },
                ],
                report.orders.map((order) => [
                  order.order_number,
                  order.status,
                  yuan(order.total_fen),
                  order.refunded_fen === 0 ? '' : yuan(order.refunded_fen),
                  dateTime(order.created_at),
                  order.open_flags === 0 ? '' : paint('red', String(order.open_flags)),
                  order.items,
                ]),
              ),
        )
        return undefined
      }),
    )

  listing(program, 'payments', 'the newest payments')
    .option('--suspense', 'those that belong to no order and are not given back')
    .action((options: ListOptions & { suspense?: boolean }) =>
      run(async ({ host, reports, merchantId }) => {
        const suspense = options.suspense === true
        const payments = await reports.payments(await merchantId(), suspense, readLimit(options.limit))
        show(host, options, { payments }, (report) =>
          report.payments.length === 0
            ? [suspense ? 'No money is in suspense.' : 'No payment.']
            : table(
                [
                  { title: 'transaction' },
                  { title: 'amount', align: 'right' },
                  { title: 'given back', align: 'right' },
                  { title: 'paid' },
                  { title: 'order, or why it is on none' },
                ],
                report.payments.map((payment) => [
                  payment.transaction_id,
                  yuan(payment.amount_fen),
                  payment.refunded_fen === 0 ? '' : yuan(payment.refunded_fen),
                  dateTime(payment.success_time),
                  payment.disposition === 'order'
                    ? (payment.order_number ?? '')
                    : `${spoken(payment.reason ?? '')} ${payment.order_number ?? ''}`,
                ]),
              ),
        )
        return undefined
      }),
    )
}
