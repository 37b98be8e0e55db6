import type { PayV3Client } from '@fenpay/wechat'

const dayMs = 24 * 60 * 60 * 1000
/** So long before the last certificate expires a person is told (F34). */
const aheadMs = 10 * dayMs
const lookGapMs = 60 * 60 * 1000

/**
 * Looks at the platform certificates, once an hour at most, and tells at the first look, and whenever it has changed,
 * whether the last of them is about to expire. A public key of WeChat's does not expire.
 */
export function watchKeyExpiry(
  client: PayV3Client,
  now: () => number,
  tell: (isExpiring: boolean, lastExpiresAt: Date | undefined) => void,
): () => void {
  let lookAtMs = 0
  let wasExpiring: boolean | undefined
  return () => {
    const nowMs = now()
    if (nowMs < lookAtMs) return
    const lastMs = Math.max(...client.platformKeys().map(({ expiresAt }) => expiresAt))
    if (lastMs === Number.NEGATIVE_INFINITY) return
    lookAtMs = nowMs + lookGapMs
    const isExpiring = lastMs - nowMs < aheadMs
    if (isExpiring !== wasExpiring) tell(isExpiring, Number.isFinite(lastMs) ? new Date(lastMs) : undefined)
    wasExpiring = isExpiring
  }
}
