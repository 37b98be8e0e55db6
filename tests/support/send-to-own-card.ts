import assert from 'node:assert/strict'
import { PayV3Client } from '@fenpay/wechat'
import { createStore } from '../../apps/server/src/storage/store.ts'
import type { Shop } from './shop.ts'

/** What the merchant's staff do in the merchant platform with an abnormal refund (异常退款处理): it goes to the merchant's own card. */
export async function sendToOwnCard(
  { config, sql, wechat }: Pick<Shop, 'config' | 'sql' | 'wechat'>,
  outRefundNo: string,
): Promise<void> {
  const { merchantId, keys } = config.merchant
  const found = await createStore(sql, { random: Math.random }).reads.findRefund(merchantId, outRefundNo)
  const { certificate, apiV3Key = '', wechatpayPublicKeys } = keys
  assert.ok(certificate !== undefined && found?.refundId !== undefined)
  const client = new PayV3Client({
    mchid: merchantId,
    apiV3Key,
    merchantKey: { serialNo: certificate.serialNo, privateKey: certificate.privateKeyPem },
    platformKeys: {
      publicKeys: wechatpayPublicKeys.map(({ id, publicKeyPem }) => ({ id, publicKey: publicKeyPem })),
      download: true,
    },
    baseUrls: [wechat.url],
  })
  await client.applyAbnormalRefund(found.refundId, { out_refund_no: outRefundNo, type: 'MERCHANT_BANK_CARD' })
}
