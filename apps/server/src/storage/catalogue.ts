import type { Fen } from '@fenpay/contract'
import type { Sql } from './connect.ts'

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

/** Imports a catalogue: new products with their stock, known ones with their new texts and prices. */
export async function importCatalogue(
  sql: Sql,
  merchantId: string,
  products: readonly CatalogueProduct[],
): Promise<void> {
  await sql.begin(async (tx) => {
    for (const [position, product] of products.entries()) {
      await tx`
        insert into products (merchant_id, sku, name, description, category, kind, price_fen, position, stock_total)
        values (${merchantId}, ${product.sku}, ${product.name}, ${product.description}, ${product.category},
                ${product.kind}, ${product.priceFen}, ${position}, ${product.stock})
        on conflict (merchant_id, sku) do update
           set name = excluded.name, description = excluded.description, category = excluded.category,
               kind = excluded.kind, price_fen = excluded.price_fen, position = excluded.position`
    }
  })
}
