import type { WebhookEndpoint } from '../domain/webhook.ts'
import type { SealedEndpoint, WebhookDelivery } from '../ports.ts'
import type { Queries } from './store.ts'

interface EndpointRow {
  merchant_id: string
  endpoint_id: string
  url: string
  events: WebhookEndpoint['events']
  status: WebhookEndpoint['status']
  failing_since: Date | null
  created_at: Date
  sealed_secrets: Uint8Array
}

/** Where two come at once, the second waits for the first, and gets that one's row. */
export async function insertEndpoint(sql: Queries, endpoint: SealedEndpoint): Promise<SealedEndpoint> {
  const [row] = await sql<EndpointRow[]>`
    insert into webhook_endpoints (merchant_id, endpoint_id, url, sealed_secrets, events, status, failing_since, created_at)
    values (${endpoint.merchantId}, ${endpoint.endpointId}, ${endpoint.url}, ${endpoint.sealedSecrets},
            ${endpoint.events}, ${endpoint.status}, ${endpoint.failingSince ?? null}, ${endpoint.createdAt})
    on conflict (merchant_id, url) where status <> 'removed' and not shares_address do update set url = excluded.url
    returning *`
  if (row === undefined) throw new Error(`webhook ${endpoint.endpointId} was neither added nor found`)
  return endpointOf(row)
}

export async function saveEndpoint(sql: Queries, endpoint: SealedEndpoint): Promise<void> {
  await sql`
    update webhook_endpoints set sealed_secrets = ${endpoint.sealedSecrets}, events = ${endpoint.events},
           status = ${endpoint.status}, failing_since = ${endpoint.failingSince ?? null}
     where merchant_id = ${endpoint.merchantId} and endpoint_id = ${endpoint.endpointId}`
}

export async function lockEndpoint(
  sql: Queries,
  merchantId: string,
  endpointId: string,
): Promise<SealedEndpoint | undefined> {
  const [row] = await sql<EndpointRow[]>`
    select * from webhook_endpoints where merchant_id = ${merchantId} and endpoint_id = ${endpointId} for update`
  return row && endpointOf(row)
}

export async function findEndpoint(
  sql: Queries,
  merchantId: string,
  endpointId: string,
): Promise<SealedEndpoint | undefined> {
  const [row] = await sql<EndpointRow[]>`
    select * from webhook_endpoints where merchant_id = ${merchantId} and endpoint_id = ${endpointId}`
  return row && endpointOf(row)
}

export async function endpointsOf(sql: Queries, merchantId: string): Promise<WebhookEndpoint[]> {
  const rows = await sql<EndpointRow[]>`
    select * from webhook_endpoints where merchant_id = ${merchantId} and status <> 'removed'
     order by created_at, endpoint_id`
  return rows.map((row) => {
    const { sealedSecrets: _, ...endpoint } = endpointOf(row)
    return endpoint
  })
}

export async function logDelivery(sql: Queries, delivery: WebhookDelivery): Promise<void> {
  await sql`
    insert into webhook_deliveries (merchant_id, outbox_id, seq, endpoint_id, at, status, duration_ms, error)
    select ${delivery.merchantId}, ${delivery.outboxId}, coalesce(max(seq), 0) + 1, ${delivery.endpointId},
           ${delivery.at}::timestamptz, ${delivery.status ?? null}::integer, ${delivery.durationMs}::integer,
           ${delivery.error ?? null}::text
      from webhook_deliveries where merchant_id = ${delivery.merchantId} and outbox_id = ${delivery.outboxId}`
}

export async function deliveriesOf(
  sql: Queries,
  merchantId: string,
  filter: { endpointId?: string; failed: boolean; limit: number },
): Promise<WebhookDelivery[]> {
  const { endpointId, failed, limit } = filter
  const rows = await sql<
    {
      outbox_id: string
      endpoint_id: string
      event: string
      at: Date
      status: number | null
      duration_ms: number
      error: string | null
    }[]
  >`
    select d.*, o.payload -> 'body' ->> 'type' as event
      from webhook_deliveries d join outbox o using (merchant_id, outbox_id)
     where d.merchant_id = ${merchantId} ${endpointId === undefined ? sql`` : sql`and d.endpoint_id = ${endpointId}`}
           ${failed ? sql`and d.error is not null` : sql``}
     order by d.at desc, d.outbox_id, d.seq desc limit ${limit}`
  return rows.map((row) => ({
    merchantId,
    outboxId: row.outbox_id,
    endpointId: row.endpoint_id,
    event: row.event,
    at: row.at,
    status: row.status ?? undefined,
    durationMs: row.duration_ms,
    error: row.error ?? undefined,
  }))
}

function endpointOf(row: EndpointRow): SealedEndpoint {
  return {
    merchantId: row.merchant_id,
    endpointId: row.endpoint_id,
    url: row.url,
    events: row.events,
    status: row.status,
    failingSince: row.failing_since ?? undefined,
    createdAt: row.created_at,
    sealedSecrets: row.sealed_secrets,
  }
}
