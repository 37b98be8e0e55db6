import { readFile } from 'node:fs/promises'
import { fen, ORDER_TOTAL_FEN_MAX } from '@fenpay/contract'
import Type, { type Static } from 'typebox'
import { Compile } from 'typebox/compile'
import { ConfigError } from './config.ts'
import type { CatalogueProduct } from './storage/catalogue.ts'

const catalogueSchema = Type.Array(
  Type.Object(
    {
      sku: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
      name: Type.String({ minLength: 1, maxLength: 60 }),
      description: Type.String({ maxLength: 200 }),
      category: Type.String({ minLength: 1, maxLength: 30 }),
      kind: Type.Union([Type.Literal('physical'), Type.Literal('virtual')]),
      price_fen: Type.Integer({ minimum: 1, maximum: ORDER_TOTAL_FEN_MAX }),
      stock: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
    },
    { additionalProperties: false },
  ),
)
const catalogue = Compile(catalogueSchema)

/** Reads a catalogue file, as `apps/server/catalogue/noodle-shop.json`. @throws ConfigError with each wrong place */
export async function readCatalogueFile(path: string): Promise<CatalogueProduct[]> {
  let parsed: unknown
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw new ConfigError([`FENPAY_CATALOGUE_FILE cannot be read: ${(error as Error).message}`])
  }
  if (!catalogue.Check(parsed)) {
    throw new ConfigError(
      catalogue.Errors(parsed).map((error) => `FENPAY_CATALOGUE_FILE ${error.instancePath} ${error.message}`),
    )
  }
  return (parsed as Static<typeof catalogueSchema>).map(({ price_fen, ...rest }) => ({
    ...rest,
    priceFen: fen(price_fen),
  }))
}
