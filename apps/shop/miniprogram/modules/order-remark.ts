/** Where the dishes are eaten. The API has one text for both, so that the way stands before the user's words. */
export type DiningWay = '堂食' | '外带'

export const diningWays: DiningWay[] = ['堂食', '外带']

/** The most characters of the user's own words; the API takes 200 with the way. */
export const remarkLengthMax = 100

export function writeRemark(way: DiningWay, words: string): string {
  const trimmed = words.trim()
  return trimmed === '' ? way : `${way}；${trimmed}`
}

/** An order of another client has no way. */
export function readRemark(remark: string | undefined): { way: DiningWay | ''; words: string } {
  const text = remark ?? ''
  const way = diningWays.find((one) => text === one || text.startsWith(`${one}；`)) ?? ''
  return { way, words: way === '' ? text : text.slice(way.length + 1) }
}
