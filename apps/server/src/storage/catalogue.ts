import type { Fen } from '@fenpay/contract'
import { type RetryOptions, type Sql, withRetry } from './connect.ts'

/** A product as a catalogue file gives it. */
export interface CatalogueProduct {
  sku: string
  name: string
  description: string
  category: string
  kind: 'physical' | 'virtual'
  priceFen: Fen
  /** Pieces at the first import; later imports leave the stock alone. */
  stock: number
}

/**
 * Makes the file the catalogue: new products with their stock, known ones with their new texts and prices, and what is
 * not in it is not on sale any more. In the order of orders, by sku, so that it may run while people order.
 */
export async function importCatalogue(
  sql: Sql,
  merchantId: string,
  products: readonly CatalogueProduct[],
  retry: RetryOptions,
): Promise<void> {
  const rows = products.map((product, position) => ({ ...product, position })).sort((a, b) => (a.sku < b.sku ? -1 : 1))
  const skus = products.map((product) => product.sku)
  await withRetry(
    () =>
      sql.begin(async (tx) => {
        for (const row of rows) {
          await tx`
            insert into products (merchant_id, sku, name, description, category, kind, price_fen, position, stock_total)
            values (${merchantId}, ${row.sku}, ${row.name}, ${row.description}, ${row.category}, ${row.kind},
                    ${row.priceFen}, ${row.position}, ${row.stock})
            on conflict (merchant_id, sku) do update
               set name = excluded.name, description = excluded.description, category = excluded.category,
                   kind = excluded.kind, price_fen = excluded.price_fen, position = excluded.position, on_sale = true`
        }
        await tx`update products set on_sale = false where merchant_id = ${merchantId} and on_sale and sku <> all(${skus})`
      }),
    retry,
  )
}
