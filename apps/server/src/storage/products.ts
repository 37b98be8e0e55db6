import { fen, type Product } from '@fenpay/contract'
import type { ReservedProduct } from '../ports.ts'
import type { Queries } from './store.ts'

export function productsOf(sql: Queries, merchantId: string): Promise<Product[]> {
  return sql<Product[]>`
    select sku, name, description, category, kind, price_fen, stock_free as stock
      from products where merchant_id = ${merchantId} and on_sale
     order by position, sku`
}

/** One statement takes the pieces only where they are free, so two buyers never get the same one (A37, I12). */
export async function reserveStock(
  sql: Queries,
  merchantId: string,
  sku: string,
  quantity: number,
): Promise<ReservedProduct | { refused: 'product_unknown' | 'out_of_stock' | 'virtual_goods_refused'; name?: string }> {
  const [reserved] = await sql<{ name: string; price_fen: number }[]>`
    update products set stock_reserved = stock_reserved + ${quantity}
     where merchant_id = ${merchantId} and sku = ${sku} and on_sale and kind = 'physical' and stock_free >= ${quantity}
    returning name, price_fen`
  if (reserved !== undefined) return { sku, name: reserved.name, priceFen: fen(reserved.price_fen) }
  const [product] = await sql<{ name: string; kind: string }[]>`
    select name, kind from products where merchant_id = ${merchantId} and sku = ${sku} and on_sale`
  if (product === undefined) return { refused: 'product_unknown' }
  return { refused: product.kind === 'virtual' ? 'virtual_goods_refused' : 'out_of_stock', name: product.name }
}

/**
 * Sells or releases what an order holds; the settlement's key refuses a second time (I13). The products are locked in the
 * order in which a new order takes them, whatever sorting the database was made with.
 */
export async function settleStock(
  sql: Queries,
  merchantId: string,
  orderNumber: string,
  outcome: 'sold' | 'released',
): Promise<void> {
  await sql`insert into stock_settlements (merchant_id, order_number, outcome)
            values (${merchantId}, ${orderNumber}, ${outcome})`
  await sql`
    with lines as (
      select sku, quantity from order_lines where merchant_id = ${merchantId} and order_number = ${orderNumber}
    ), locked as (
      select p.sku, lines.quantity from products p join lines using (sku)
       where p.merchant_id = ${merchantId} order by p.sku collate "C" for update of p
    )
    update products p
       set stock_reserved = p.stock_reserved - locked.quantity,
           stock_sold = p.stock_sold + case when ${outcome} = 'sold' then locked.quantity else 0 end
      from locked where p.merchant_id = ${merchantId} and p.sku = locked.sku`
}
