/** Chosen for what is none of the others; needs the user's own words. */
export const otherReason = '其他原因'

export const usualReasons = ['点错了', '不想要了', '等太久了', '少送漏送', '菜品有问题', otherReason]

/** The most characters of the user's own words; the API takes 80 with the reason before them. */
export const wordsLengthMax = 70

/** The reason as the merchant reads it, on one line; empty while there is none. */
export function writeReason(usual: string, words: string): string {
  const line = [...words].map(printable).join('').replace(/\s+/g, ' ').trim()
  if (usual === otherReason) return line
  return usual === '' || line === '' ? usual : `${usual}：${line}`
}

/** The API takes neither control characters nor half of a character. */
function printable(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const isHalf = code >= 0xd800 && code <= 0xdfff
  return code < 0x20 || code === 0x7f || isHalf ? ' ' : character
}
