/** Milliseconds as the whole seconds that WeChat writes. */
export const wholeSeconds = (ms: number): number => Math.floor(ms / 1000)
