/** Made when first needed: it loads a dictionary, which took a tenth of a server's start. */
let graphemes: Intl.Segmenter | undefined

/**
 * The text, unless it is empty, longer than `maxLength` UTF-16 units (an emoji counts twice: WeChat does not say how it
 * counts, so the longest way is taken) or holds control characters or half an emoji, which JSON would send as `\u`
 * escapes: WeChat keeps those as they are.
 */
export function checkMessageText(name: string, text: unknown, maxLength: number): string {
  if (typeof text !== 'string' || text === '' || text.length > maxLength || /[\p{Cc}\p{Cs}]/u.test(text)) {
    throw new TypeError(`${name} must have 1 to ${maxLength} characters, none of them a control character`)
  }
  return text
}

/** The text on one line, without half characters, cut to `maxLength` UTF-16 units between characters and marked with …. */
export function cutText(text: string, maxLength: number): string {
  const line = text
    .replace(/\p{Cs}/gu, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  if (line.length <= maxLength) return line
  graphemes ??= new Intl.Segmenter('zh')
  let cut = ''
  for (const { segment } of graphemes.segment(line)) {
    if (cut.length + segment.length > maxLength - 1) break
    cut += segment
  }
  return `${cut.trimEnd()}…`
}
