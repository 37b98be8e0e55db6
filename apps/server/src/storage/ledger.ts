import type { Posting } from '../domain/ledger.ts'
import type { Queries } from './store.ts'

/** Writes a posting with its entries; the database keeps the balances, and refuses a sum that is not zero (I7). */
export async function post(sql: Queries, merchantId: string, posting: Posting, at: Date): Promise<boolean> {
  const { kind, sourceId, orderNumber } = posting
  const written = await sql`
    insert into ledger_postings (merchant_id, kind, source_id, order_number, posted_at)
    values (${merchantId}, ${kind}, ${sourceId}, ${orderNumber ?? null}, ${at})
    on conflict (merchant_id, kind, source_id) do nothing returning 1`
  if (written.length === 0) return false
  // In one order always: two postings that meet on the same balances never wait for each other in a circle.
  const entries = posting.entries
    .map(({ account, amountFen }) => ({
      merchant_id: merchantId,
      kind,
      source_id: sourceId,
      account,
      amount_fen: amountFen,
    }))
    .sort((a, b) => (a.account < b.account ? -1 : 1))
  await sql`insert into ledger_entries ${sql(entries)}`
  return true
}
