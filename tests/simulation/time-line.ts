/** A number of ours or an id of WeChat's that is made of chance. */
const chance = /\b[0-9A-HJKMNP-TV-Z]{26}\b/g

/** What happened, in order, as a person and a comparison of two runs read it. */
export class TimeLine {
  readonly lines: string[] = []
  /** How often each kind of thing happened. */
  readonly counts = new Map<string, number>()
  readonly #nowMs: () => number
  readonly #beginningMs: number
  readonly #shortNames = new Map<string, string>()

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
    this.#beginningMs = nowMs()
  }

  tell(text: string): void {
    const seconds = ((this.#nowMs() - this.#beginningMs) / 1000).toFixed(1).padStart(8)
    this.lines.push(`${seconds} s  ${this.shorten(text)}`)
  }

  count(kind: string): void {
    this.counts.set(kind, (this.counts.get(kind) ?? 0) + 1)
  }

  /** Long numbers as `#1`, `#2`, in the order they were met. */
  shorten(text: string): string {
    return text.replaceAll(chance, (number) => {
      const short = this.#shortNames.get(number) ?? `#${this.#shortNames.size + 1}`
      this.#shortNames.set(number, short)
      return short
    })
  }
}
