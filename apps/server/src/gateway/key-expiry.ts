import type { PayV3Client } from '@fenpay/wechat'

const dayMs = 24 * 60 * 60 * 1000
/** So long before the last certificate expires a person is told (F34). */
const aheadMs = 10 * dayMs
const lookGapMs = 60 * 60 * 1000

/**
 * Looks at the platform certificates, once an hour at most, and tells when the last of them is about to expire, and when
 * a later one has come. With a public key of WeChat's there is nothing to tell: it does not expire.
 */
export function watchKeyExpiry(
  client: PayV3Client,
  now: () => number,
  tell: (isExpiring: boolean, lastExpiresAt: Date) => void,
): () => void {
  let lookAtMs = 0
  let wasExpiring = false
  return () => {
    const nowMs = now()
    if (nowMs < lookAtMs) return
    const lastMs = Math.max(...client.platformKeys().map(({ expiresAt }) => expiresAt))
    if (!Number.isFinite(lastMs)) return
    lookAtMs = nowMs + lookGapMs
    const isExpiring = lastMs - nowMs < aheadMs
    if (isExpiring !== wasExpiring) tell(isExpiring, new Date(lastMs))
    wasExpiring = isExpiring
  }
}
