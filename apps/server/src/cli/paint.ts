const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const
export type Tone = keyof typeof codes

/** Colours a text, or leaves it. */
export type Paint = (tone: Tone | undefined, text: string) => string

export function createPaint(isColored: boolean): Paint {
  return (tone, text) => (isColored && tone !== undefined ? `\u001b[${codes[tone]}m${text}\u001b[0m` : text)
}
