import { encryptResource } from '../../crypto/resource-cipher.ts'
import { toRfc3339 } from '../../engine/beijing-time.ts'
import { outOfDateCertificate } from '../../engine/out-of-date-certificate.ts'
import { alphabets, randomText } from '../../engine/random.ts'
import type { World } from '../../world.ts'
import { V3Refusal } from './v3-refusal.ts'
import type { V3Request } from './v3-request.ts'

/** GET /v3/certificates (pay-v3.md 5.1): every platform certificate that is valid now. */
export function listCertificates(world: World, { merchant, call }: V3Request): object {
  if (world.faults.take({ path: call.path, mchid: merchant.mchid }, 'certificates.down')) {
    throw new V3Refusal('SERVICE_UNAVAILABLE', '系统繁忙，请稍后重试')
  }
  if (!['RSA', 'ALL'].includes(call.query.get('algorithm_type') ?? 'RSA')) {
    throw new V3Refusal('RESOURCE_NOT_EXISTS', '无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥。')
  }
  const extra = world.faults.take({ path: call.path, mchid: merchant.mchid }, 'certificates.out-of-date')
  const state = extra?.options['state'] === 'expired' ? 'expired' : 'not-yet-valid'
  const outOfDate = extra && outOfDateCertificate(world, world.keys, merchant, state)
  const offered = [...merchant.platformCertificates, ...(outOfDate ? [outOfDate] : [])]
  return {
    data: offered.map(({ serialNo, certificatePem, effectiveAtMs, expireAtMs }) => {
      const nonce = randomText(world.random, alphabets.alphanumeric, 12)
      return {
        serial_no: serialNo,
        effective_time: toRfc3339(effectiveAtMs),
        expire_time: toRfc3339(expireAtMs),
        encrypt_certificate: {
          algorithm: 'AEAD_AES_256_GCM',
          nonce,
          associated_data: 'certificate',
          ciphertext: encryptResource(certificatePem, merchant.apiV3Key, nonce, 'certificate'),
        },
      }
    }),
  }
}
