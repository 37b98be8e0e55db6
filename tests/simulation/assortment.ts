import { fen } from '@fenpay/contract'
import type { CatalogueProduct } from '../../apps/server/src/storage/catalogue.ts'

const product = (sku: string, priceFen: number, stock: number): CatalogueProduct => ({
  sku,
  name: sku,
  description: sku,
  category: 'simulated',
  kind: 'physical',
  priceFen: fen(priceFen),
  stock,
})

/** What is for sale in a history. Of `scarce` the plan says how many pieces there are. */
export const assortment: readonly CatalogueProduct[] = [
  product('plenty', 3280, 1_000),
  product('penny', 1, 1_000),
  product('scarce', 990, 1),
]
