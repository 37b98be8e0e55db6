import {
  addWebhook,
  enableWebhook,
  listDeliveries,
  listWebhooks,
  removeWebhook,
  resendDelivery,
  rotateWebhookSecret,
} from '../commands/webhooks.ts'
import { type WebhookEndpoint, type WebhookEvent, webhookEvents } from '../domain/webhook.ts'
import type { CliContext } from './cli-context.ts'
import { CliFailure, wrongUse } from './cli-failure.ts'
import { type AddCommands, listing, reading } from './command-parts.ts'
import { readNewest } from './newest.ts'
import { show } from './show.ts'
import { table } from './text-layout.ts'
import { dateTime, outboxWords } from './words.ts'

type ListOptions = { json?: boolean; limit: string }

export const addOutboxCommands: AddCommands = (program, run) => {
  addWebhookCommands(program, run)
  addDeliveryCommands(program, run)

  listing(program, 'outbox', 'what has to be told to WeChat and to your systems')
    .option('--dead', 'what was given up')
    .action((options: ListOptions & { dead?: boolean }) =>
      run(async ({ host, reports, merchantId }) => {
        const id = await merchantId()
        const { rows: items, more } = await readNewest(options.limit, (limit) =>
          reports.outbox(id, options.dead === true, limit),
        )
        show(host, options, { outbox: items }, ({ outbox }) =>
          outbox.length === 0
            ? [options.dead === true ? 'Nothing was given up.' : 'Nothing was put in the outbox.']
            : [
                ...table(
                  [
                    { title: 'item' },
                    { title: 'what' },
                    { title: 'status' },
                    { title: 'tries', align: 'right' },
                    { title: 'next or end' },
                    { title: 'order' },
                    { title: 'last error' },
                  ],
                  outbox.map((item) => [
                    item.outbox_id,
                    outboxWords(item),
                    item.status,
                    String(item.attempts),
                    timeOf(item.next_at ?? item.ended_at),
                    item.order_number ?? '',
                    item.last_error ?? '',
                  ]),
                ),
                ...more,
              ],
        )
        return undefined
      }),
    )

  program
    .command('outbox-retry <id>')
    .description('try again what was given up')
    .action((id: string) =>
      run(async (context) => {
        const item = await context.reports.outboxItem(await context.merchantId(), id)
        if (item?.status !== 'dead')
          throw new CliFailure(
            item === undefined ? 'outbox_not_found' : 'outbox_not_dead',
            item === undefined ? `There is no item ${id}.` : `Item ${id} is ${item.status}.`,
            'See what was given up: fenpay outbox --dead',
          )
        return sendAgain(context, id)
      }),
    )
}

const addWebhookCommands: AddCommands = (program, run) => {
  reading(program, 'webhooks', 'the addresses of your systems').action((options: { json?: boolean }) =>
    run(async (context) => {
      const endpoints = await listWebhooks(context, await context.merchantId())
      const webhooks = endpoints.map((endpoint) => ({
        endpoint_id: endpoint.endpointId,
        url: endpoint.url,
        status: endpoint.status,
        events: endpoint.events,
        created_at: endpoint.createdAt,
        failing_since: endpoint.failingSince ?? null,
      }))
      show(context.host, options, { webhooks }, (report) =>
        report.webhooks.length === 0
          ? ['No address is told of anything.']
          : table(
              [
                { title: 'webhook' },
                { title: 'status' },
                { title: 'failing since' },
                { title: 'address' },
                { title: 'events' },
              ],
              report.webhooks.map((webhook) => [
                webhook.endpoint_id,
                webhook.status,
                timeOf(webhook.failing_since),
                webhook.url,
                webhook.events.length === webhookEvents.length ? 'all' : webhook.events.join(' '),
              ]),
            ),
      )
      return undefined
    }),
  )

  program
    .command('webhook-add <url>')
    .description('tell an address of yours what happens; its secret is printed here and never again')
    .option('--events <names>', `some of ${webhookEvents.join(',')}; default: all`)
    .action((url: string, { events }: { events?: string }) =>
      run(async (context) => {
        const { webhookAllowLoopback: allowLoopback } = context
        const ports = { store: context.store, world: context.world, secrets: context.secrets(), allowLoopback }
        const added = await addWebhook(ports, await context.merchantId(), { url, events: readEvents(events) })
        if ('refused' in added)
          throw added.takenBy === undefined
            ? new CliFailure('webhook_url_refused', added.refused, 'Give the https address of a public host.')
            : new CliFailure('webhook_exists', added.refused, whatToDoWith(added.takenBy))
        context.host.write(`Webhook ${added.endpointId} is added.\n${secretLine(added.secret)}`)
        return undefined
      }),
    )

  program
    .command('webhook-rotate <id>')
    .description('a new secret, printed here and never again; the old one signs along for a day')
    .action((id: string) =>
      run(async (context) => {
        const ports = { store: context.store, world: context.world, secrets: context.secrets() }
        const secret = await rotateWebhookSecret(ports, await context.merchantId(), id)
        if (secret === undefined) throw noWebhook(id)
        context.host.write(`Webhook ${id} has a new secret; both sign for 24 hours.\n${secretLine(secret)}`)
        return undefined
      }),
    )

  const changes = [
    ['webhook-remove', 'do not tell this address any more', removeWebhook, 'is removed'],
    ['webhook-enable', 'switch an address on again', enableWebhook, 'is enabled'],
  ] as const
  for (const [name, description, change, done] of changes) {
    program
      .command(`${name} <id>`)
      .description(description)
      .action((id: string) =>
        run(async (context) => {
          if (!(await change(context, await context.merchantId(), id))) throw noWebhook(id)
          context.host.write(`Webhook ${id} ${done}.\n`)
          return undefined
        }),
      )
  }
}

const addDeliveryCommands: AddCommands = (program, run) => {
  listing(program, 'webhook-deliveries', 'the tries to tell your systems, the newest first')
    .option('--failed', 'those that did not arrive')
    .action((options: ListOptions & { failed?: boolean }) =>
      run(async (context) => {
        const { failed = false } = options
        const id = await context.merchantId()
        const { rows: tries, more } = await readNewest(options.limit, (limit) =>
          listDeliveries(context, id, { failed, limit }),
        )
        const deliveries = tries.map((one) => ({
          outbox_id: one.outboxId,
          endpoint_id: one.endpointId,
          event: one.event ?? null,
          at: one.at,
          status: one.status ?? null,
          duration_ms: one.durationMs,
          error: one.error ?? null,
        }))
        show(context.host, options, { deliveries }, (report) =>
          report.deliveries.length === 0
            ? ['No try.']
            : [
                ...table(
                  [
                    { title: 'id' },
                    { title: 'event' },
                    { title: 'at' },
                    { title: 'answer', align: 'right' },
                    { title: 'ms', align: 'right' },
                    { title: 'webhook' },
                    { title: 'error' },
                  ],
                  report.deliveries.map((one) => [
                    one.outbox_id,
                    one.event ?? '',
                    dateTime(one.at),
                    one.status === null ? '' : String(one.status),
                    String(one.duration_ms),
                    one.endpoint_id,
                    one.error ?? '',
                  ]),
                ),
                ...more,
              ],
        )
        return undefined
      }),
    )

  program
    .command('webhook-resend <id>')
    .description('send a webhook once more, under the same id')
    .action((id: string) =>
      run(async (context) => {
        const item = await context.reports.outboxItem(await context.merchantId(), id)
        if (item?.kind !== 'webhook')
          throw new CliFailure('webhook_not_found', `There is no webhook ${id}.`, 'See: fenpay webhook-deliveries')
        return sendAgain(context, id)
      }),
    )
}

async function sendAgain(context: CliContext, id: string): Promise<undefined> {
  if (!(await resendDelivery(context, await context.merchantId(), id)))
    throw new CliFailure('outbox_pending', `Item ${id} is on its way already.`, 'See: fenpay outbox')
  const isAlone = (await context.reports.serverCount()) === 0
  context.host.write(`Item ${id} is sent again ${isAlone ? 'when a server runs; none seems to' : 'within seconds'}.\n`)
  return undefined
}

function readEvents(text: string | undefined): WebhookEvent[] {
  if (text === undefined) return [...webhookEvents]
  return text.split(',').map((name) => {
    const event = webhookEvents.find((known) => known === name.trim())
    if (event === undefined)
      throw wrongUse(`There is no event ${JSON.stringify(name)}.`, `Write some of ${webhookEvents.join(',')}.`)
    return event
  })
}

function whatToDoWith({ endpointId, status }: WebhookEndpoint): string {
  return status === 'disabled'
    ? `Switch it on again: fenpay webhook-enable ${endpointId}`
    : `For a new secret: fenpay webhook-rotate ${endpointId}. For other events remove it first: fenpay webhook-remove ${endpointId}`
}

function secretLine(secret: string): string {
  return `Its secret, shown this once: ${secret}\n`
}

function noWebhook(id: string): CliFailure {
  return new CliFailure('webhook_not_found', `There is no webhook ${id}.`, 'See: fenpay webhooks')
}

function timeOf(at: Date | null): string {
  return at === null ? '' : dateTime(at)
}
