import type { OrderFilter } from '../storage/reports.ts'
import { CliFailure } from './cli-failure.ts'
import { type AddCommands, listing, reading } from './command-parts.ts'
import { readNewest } from './newest.ts'
import { sumUp } from './order-sum.ts'
import { orderView } from './order-view.ts'
import { show } from './show.ts'
import { table } from './text-layout.ts'
import { dateTime, spoken, yuan } from './words.ts'

type ListOptions = { json?: boolean; limit: string }
type FilterOptions = { open?: boolean; paid?: boolean; toShip?: boolean; closed?: boolean }

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
    .option('--to-ship', 'those that are paid and not shipped, and not given back')
    .option('--closed', 'those that are closed')
    .action((options: ListOptions & FilterOptions) =>
      run(async ({ host, reports, merchantId }) => {
        const filter = filterOf(options)
        const id = await merchantId()
        const { rows: orders, more } = await readNewest(options.limit, (limit) => reports.orders(id, filter, limit))
        show(host, options, { orders }, (report, paint) =>
          report.orders.length === 0
            ? ['No order.']
            : [
                ...table(
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
                ...more,
              ],
        )
        return undefined
      }),
    )

  listing(program, 'payments', 'the newest payments')
    .option('--suspense', 'those that pay no order and are not given back')
    .action((options: ListOptions & { suspense?: boolean }) =>
      run(async ({ host, reports, merchantId }) => {
        const suspense = options.suspense === true
        const id = await merchantId()
        const { rows: payments, more } = await readNewest(options.limit, (limit) =>
          reports.payments(id, suspense, limit),
        )
        show(host, options, { payments }, (report) =>
          report.payments.length === 0
            ? [suspense ? 'No money is in suspense.' : 'No payment.']
            : [
                ...table(
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
                ...more,
              ],
        )
        return undefined
      }),
    )
}

function filterOf({ open, paid, toShip, closed }: FilterOptions): OrderFilter {
  if (open) return 'open'
  if (toShip) return 'to_ship'
  return paid ? 'paid' : closed ? 'closed' : 'all'
}
