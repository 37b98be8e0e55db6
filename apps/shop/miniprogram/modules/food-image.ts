/** The products that have a picture of their own in the package. */
export const pictured = [
  'beef-noodles',
  'tomato-egg-noodles',
  'scallion-oil-noodles',
  'crab-noodles',
  'wonton-soup',
  'tea-egg',
  'cucumber-salad',
  'soy-milk',
  'wet-wipe',
  'member-month',
]

/** The picture of a product; one of a plain bowl where it has none. */
export function foodImage(sku: string): string {
  return `/images/food/${pictured.includes(sku) ? sku : 'dish'}.png`
}
