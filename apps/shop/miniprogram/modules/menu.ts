import type { Product } from '../fenpay-client.js'

/** One product as the menu shows it. */
export interface Dish {
  sku: string
  name: string
  description: string
  image: string
  priceFen: number
  max: number
  /** Why it cannot be ordered; empty when it can. */
  reason: string
}

export interface MenuSection {
  category: string
  /** The id of the section's element: a category may hold characters that an id may not. */
  anchor: string
  dishes: Dish[]
}

interface MenuParts {
  imageOf: (sku: string) => string
  maxOf: (product: Product) => number
}

/** The products under their categories, both in the catalogue's order; with a keyword only those that it fits. */
export function menuSections(products: readonly Product[], keyword: string, parts: MenuParts): MenuSection[] {
  const wanted = keyword.trim().toLowerCase()
  const byCategory = new Map<string, Dish[]>()
  for (const product of products) {
    const text = `${product.name} ${product.description} ${product.category}`.toLowerCase()
    if (!text.includes(wanted)) continue
    const dishes = byCategory.get(product.category) ?? []
    byCategory.set(product.category, [...dishes, dishOf(product, parts)])
  }
  return [...byCategory].map(([category, dishes], index) => ({ category, anchor: `section-${index}`, dishes }))
}

function dishOf(product: Product, { imageOf, maxOf }: MenuParts): Dish {
  const { sku, name, description, price_fen: priceFen } = product
  return { sku, name, description, image: imageOf(sku), priceFen, max: maxOf(product), reason: reasonOf(product) }
}

function reasonOf({ kind, stock }: Product): string {
  if (kind === 'virtual') return '虚拟商品，不支持在此购买'
  return stock === 0 ? '已售罄' : ''
}

/** Which section is at the top of the list. `tops` are the sections' distances from the start of the list. */
export function sectionAt(tops: readonly number[], scrollTop: number): number {
  const below = tops.findIndex((top) => top > scrollTop + 1)
  return below === -1 ? Math.max(tops.length - 1, 0) : Math.max(below - 1, 0)
}
