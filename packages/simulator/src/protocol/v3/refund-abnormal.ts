import { constants, privateDecrypt } from 'node:crypto'
import type { Merchant } from '../../engine/records.ts'
import { resumeRefund } from '../../engine/refunds.ts'
import type { World } from '../../world.ts'
import { textOf } from './json-body.ts'
import { checkObject, type JsonObject } from './json-schema.ts'
import { abnormalRefundFields } from './refund-fields.ts'
import { describeRefund } from './refund-query.ts'
import { requestIdCodes, V3Refusal } from './v3-refusal.ts'
import { readJsonBody, type V3Request } from './v3-request.ts'

/** POST /v3/refund/domestic/refunds/{refund_id}/apply-abnormal-refund (pay-v3.md 9). */
export function applyAbnormalRefund(world: World, request: V3Request): object {
  const body = readJsonBody(request)
  checkObject(body, abnormalRefundFields, '/body')
  const receivedBy = receiverOf(world, request, body)
  const refund = world.books.refunds.find(request.pathValue)
  if (!refund || refund.mchid !== request.merchant.mchid) {
    throw new V3Refusal('RESOURCE_NOT_EXISTS', '退款单不存在')
  }
  if (refund.outRefundNo !== textOf(body, 'out_refund_no')) {
    throw new V3Refusal('INVALID_REQUEST', '商户退款单号与微信支付退款单号不匹配')
  }
  if (refund.status !== 'ABNORMAL') throw new V3Refusal('INVALID_REQUEST', '退款单状态不是退款异常')
  return describeRefund(resumeRefund(world, refund, receivedBy))
}

/** Where the money goes, as the answer words it. A user's card and name come encrypted (pay-v3.md 5.4). */
function receiverOf(world: World, request: V3Request, body: JsonObject): string {
  if (textOf(body, 'type') === 'MERCHANT_BANK_CARD') return '商户银行账户'
  const missing = ['bank_type', 'bank_account', 'real_name'].find((name) => textOf(body, name) === '')
  if (missing !== undefined) throw parameterError(`type为USER_BANK_CARD时${missing}必填`)
  const [account, name] = ['bank_account', 'real_name'].map((field) => decrypt(world, request, textOf(body, field)))
  if (!/^\d{8,32}$/.test(account ?? '') || name === '') throw parameterError('收款银行卡号或姓名格式错误')
  return `${textOf(body, 'bank_type').replace('_DEBIT', '')}借记卡${account?.slice(-4)}`
}

function decrypt(world: World, { merchant, wechatpaySerial }: V3Request, text: string): string {
  const pem = privateKeyNamed(merchant, wechatpaySerial)
  if (pem === undefined) throw parameterError('敏感信息加密必须在Http头Wechatpay-Serial中指定微信支付公钥或平台证书')
  try {
    const key = { key: world.keys.privateKey(pem), padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' }
    return privateDecrypt(key, Buffer.from(text, 'base64')).toString('utf8')
  } catch {
    throw parameterError('敏感信息解密失败')
  }
}

const privateKeyNamed = (
  { wechatpayPublicKey, platformCertificates }: Merchant,
  serial: string | undefined,
): string | undefined =>
  serial === wechatpayPublicKey.id
    ? wechatpayPublicKey.privateKeyPem
    : platformCertificates.find(({ serialNo }) => serialNo === serial)?.privateKeyPem

const parameterError = (message: string): V3Refusal =>
  new V3Refusal('PARAM_ERROR', message, { requestIdCode: requestIdCodes.invalidParameter })
