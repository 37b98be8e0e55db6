/**
 * Decodes base64 in its one canonical spelling; undefined for anything else. Node's own decoder skips junk, so that
 * many texts would pass for one signature.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
