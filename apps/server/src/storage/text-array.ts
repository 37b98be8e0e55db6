/** What stands for a PostgreSQL `text[]` in one dimension, without NULLs: `{"a","b \"c\""}`. */
export function serializeTextArray(values: readonly string[]): string {
  return `{${values.map((value) => `"${value.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`
}

/** An element in quotes, with its escapes, or a bare one. */
const element = /"((?:[^"\\]|\\.)*)"|[^{},]+/gs

export function parseTextArray(text: string): string[] {
  return [...text.matchAll(element)].map(([bare, quoted]) => quoted?.replaceAll(/\\(.)/gs, '$1') ?? bare)
}
