import type { Shipment } from '../domain/shipment.ts'
import type { Queries } from './store.ts'

interface ShipmentRow {
  merchant_id: string
  order_number: string
  revision: number
  how: Shipment['how']
  company: string | null
  tracking_no: string | null
  contact: string | null
  status: Shipment['status']
  refusal: string | null
  recorded_at: Date
  uploaded_at: Date | null
  confirmed_at: Date | null
  settled_at: Date | null
}

export async function findShipment(
  sql: Queries,
  merchantId: string,
  orderNumber: string,
): Promise<Shipment | undefined> {
  const [row] = await sql<ShipmentRow[]>`
    select * from shipments where merchant_id = ${merchantId} and order_number = ${orderNumber}`
  return row && shipmentOf(row)
}

/** The caller holds the order's lock. */
export async function saveShipment(sql: Queries, shipment: Shipment): Promise<void> {
  const row = {
    merchant_id: shipment.merchantId,
    order_number: shipment.orderNumber,
    revision: shipment.revision,
    how: shipment.how,
    company: shipment.company ?? null,
    tracking_no: shipment.trackingNo ?? null,
    contact: shipment.contact ?? null,
    status: shipment.status,
    refusal: shipment.refusal ?? null,
    recorded_at: shipment.recordedAt,
    uploaded_at: shipment.uploadedAt ?? null,
    confirmed_at: shipment.confirmedAt ?? null,
    settled_at: shipment.settledAt ?? null,
  }
  await sql`insert into shipments ${sql(row)} on conflict (merchant_id, order_number) do update set ${sql(row)}`
}

export async function isFullyRefunded(sql: Queries, merchantId: string, orderNumber: string): Promise<boolean> {
  const [row] = await sql<{ full: boolean }[]>`
    select b.reserved_fen >= b.paid_fen as full
      from payments p join payment_balances b using (merchant_id, transaction_id)
     where p.merchant_id = ${merchantId} and p.order_number = ${orderNumber} and p.disposition = 'order'`
  return row?.full ?? false
}

function shipmentOf(row: ShipmentRow): Shipment {
  return {
    merchantId: row.merchant_id,
    orderNumber: row.order_number,
    revision: row.revision,
    how: row.how,
    company: row.company ?? undefined,
    trackingNo: row.tracking_no ?? undefined,
    contact: row.contact ?? undefined,
    status: row.status,
    refusal: row.refusal ?? undefined,
    recordedAt: row.recorded_at,
    uploadedAt: row.uploaded_at ?? undefined,
    confirmedAt: row.confirmed_at ?? undefined,
    settledAt: row.settled_at ?? undefined,
  }
}
