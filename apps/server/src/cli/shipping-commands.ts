import { type ShipRefusal, shipOrder } from '../commands/ship-order.ts'
import type { ShipmentFacts } from '../domain/shipment.ts'
import { awaitServer } from './await-server.ts'
import { CliFailure, wrongUse } from './cli-failure.ts'
import { type AddCommands, deciding, staffOf } from './command-parts.ts'

interface ShipOptions {
  express?: string
  tracking?: string
  phone?: string
  city?: boolean
  pickup?: boolean
  by?: string
}

export const addShippingCommands: AddCommands = (program, run) => {
  deciding(program, 'ship <order_number>', 'tell WeChat and your systems how a paid order was shipped')
    .option('--express <company>', "by a carrier: WeChat's id of it, such as SF or ZTO")
    .option('--tracking <number>', "the carrier's number, with --express")
    .option('--phone <digits>', "the last four digits of the receiver's phone; SF wants them")
    .option('--city', 'by a courier of the same city')
    .option('--pickup', 'the user fetched it')
    .action((orderNumber: string, options: ShipOptions) =>
      run(async (context) => {
        const merchantId = await context.merchantId()
        const by = staffOf(context, options.by)
        const outcome = await shipOrder(context, merchantId, orderNumber, factsOf(options), by)
        if (outcome.outcome === 'refused')
          throw new CliFailure(outcome.code, outcome.detail, whatToDo(outcome.code, orderNumber))
        context.host.write(`The shipment of order ${orderNumber} is recorded.\n`)
        let state = 'recorded'
        let isWanted = false
        const hint = await awaitServer(context, async () => {
          const report = await context.reports.order(merchantId, orderNumber)
          state = report?.shipment?.status ?? state
          isWanted = report?.outbox.some(({ kind }) => kind === 'upload_shipping') ?? false
          return state !== 'recorded' || !isWanted
        })
        const told = {
          recorded: isWanted ? 'is not known to WeChat yet' : 'is not told to WeChat: shipping management is off',
          uploaded: 'is known to WeChat',
          refused: 'was refused by WeChat',
        }
        context.host.write(`It ${told[state as keyof typeof told]}.\n${hint === undefined ? '' : `${hint}\n`}`)
        return state === 'refused' ? 1 : 0
      }),
    )
}

function whatToDo(code: ShipRefusal, orderNumber: string): string {
  if (code === 'order_not_found') return 'See what waits to be shipped: fenpay orders --to-ship'
  return code === 'invalid_shipment'
    ? 'Express is told with --express <company> --tracking <number>, and for SF with --phone <last four digits> too.'
    : `See: fenpay order ${orderNumber}`
}

function factsOf({ express, tracking, phone, city, pickup }: ShipOptions): ShipmentFacts {
  const ways = [express !== undefined, city === true, pickup === true].filter(Boolean).length
  if (ways !== 1) throw wrongUse('How was it shipped?', 'Give one of --express <company>, --city, --pickup.')
  if (express === undefined) {
    if (tracking !== undefined || phone !== undefined)
      throw wrongUse('--tracking and --phone belong to --express.', 'Leave them out.')
    return { how: city === true ? 'city' : 'pickup' }
  }
  if (tracking === undefined) throw wrongUse('--tracking is missing.', "Give the carrier's number with --express.")
  return {
    how: 'express',
    company: express,
    trackingNo: tracking,
    ...(phone === undefined ? {} : { contact: /^[0-9]{4}$/.test(phone) ? `****${phone}` : phone }),
  }
}
