/** No emoji, which are surrogates here, and no character that XML lacks. */
const notTaken = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD]/g

/**
 * The reason of a refund as WeChat takes it; what it would refuse is left out, the same at each try (I11). Undefined when
 * nothing is left: the money is to come back without its reason rather than not at all.
 */
export function sendableReason(reason: string): string | undefined {
  const text = reason.replace(notTaken, '')
  return text.trim() === '' ? undefined : text
}
