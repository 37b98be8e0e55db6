import { readFile } from 'node:fs/promises'
import { fen, ORDER_TOTAL_FEN_MAX } from '@fenpay/contract'
import { Ajv, type ErrorObject } from 'ajv'
import Type, { type Static } from 'typebox'
import { ConfigError } from './config.ts'
import type { CatalogueProduct } from './storage/catalogue.ts'

const catalogueSchema = Type.Array(
  Type.Object(
    {
      sku: Type.String({ pattern: '^[A-Za-z0-9_-]{1,64}$' }),
      name: Type.String({ minLength: 1, maxLength: 60 }),
      description: Type.String({ maxLength: 200 }),
      category: Type.String({ minLength: 1, maxLength: 30 }),
      kind: Type.Enum(['physical', 'virtual']),
      price_fen: Type.Integer({ minimum: 1, maximum: ORDER_TOTAL_FEN_MAX }),
      stock: Type.Integer({ minimum: 0, maximum: 1_000_000_000 }),
    },
    { additionalProperties: false },
  ),
)
type CatalogueFile = Static<typeof catalogueSchema>

/**
 * Reads a catalogue file, as `apps/server/catalogue/noodle-shop.json`.
 * @throws ConfigError with each wrong place; a sku that is there twice is wrong as well
 */
export async function readCatalogueFile(path: string): Promise<CatalogueProduct[]> {
  const parsed = await readJson(path)
  // The validator that Fastify brings, as for the requests.
  const isCatalogue = new Ajv({ allErrors: true }).compile<CatalogueFile>(catalogueSchema)
  if (!isCatalogue(parsed)) throw wrong((isCatalogue.errors ?? []).map(placeAndRule))
  const skus = parsed.map(({ sku }) => sku)
  const twice = skus.filter((sku, place) => skus.indexOf(sku) !== place)
  if (twice.length > 0) throw wrong(twice.map((sku) => `has the sku ${sku} twice`))
  return parsed.map(({ price_fen, ...rest }) => ({ ...rest, priceFen: fen(price_fen) }))
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    throw wrong([`cannot be read: ${(error as Error).message}`])
  }
}

/** As `/2/kind must be equal to one of the allowed values: physical, virtual`. */
function placeAndRule({ instancePath, message, params }: ErrorObject): string {
  const { allowedValues, additionalProperty } = params as { allowedValues?: string[]; additionalProperty?: string }
  const named = additionalProperty ?? allowedValues?.join(', ')
  return `${instancePath} ${message}${named === undefined ? '' : `: ${named}`}`
}

function wrong(problems: string[]): ConfigError {
  return new ConfigError(problems.map((problem) => `FENPAY_CATALOGUE_FILE ${problem}`))
}
