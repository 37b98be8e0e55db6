import { rsaVerify } from '../crypto/rsa.ts'
import type { Merchant } from '../engine/records.ts'
import { checkV2Signature, type SignatureMismatch } from '../protocol/v2/signature-check.ts'
import { v3PayMessage } from '../protocol/v3/pay-sign.ts'
import type { World } from '../world.ts'

/** The object that a page hands to wx.requestPayment. */
export type PayParameters = Readonly<Record<'timeStamp' | 'nonceStr' | 'package' | 'signType' | 'paySign', string>>

/** Checks paySign with the keys of the order's merchant, in the way that signType names. `undefined` when it is right. */
export async function checkPaySign(
  world: World,
  appId: string,
  parameters: PayParameters,
  merchant: Merchant,
): Promise<SignatureMismatch | undefined> {
  const { timeStamp, nonceStr, package: packageText, signType, paySign } = parameters
  if (signType === 'RSA') return checkRsa(world, appId, parameters, merchant)
  const signed = new Map(Object.entries({ appId, nonceStr, package: packageText, signType, timeStamp }))
  const others = [...world.books.merchants.values()].filter((other) => other !== merchant)
  return checkV2Signature(signed, paySign, signType === 'MD5' ? 'MD5' : 'HMAC-SHA256', merchant, others)
}

async function checkRsa(
  world: World,
  appId: string,
  { timeStamp, nonceStr, package: packageText, paySign }: PayParameters,
  merchant: Merchant,
): Promise<SignatureMismatch | undefined> {
  const keys = merchant.certificates.map(({ certificatePem }) => world.keys.publicKey(certificatePem))
  const isSigned = async (message: string): Promise<boolean> =>
    (await Promise.all(keys.map((key) => rsaVerify(message, paySign, key)))).includes(true)
  const signedString = v3PayMessage(appId, timeStamp, nonceStr, packageText)
  if (await isSigned(signedString)) return undefined
  const bare = v3PayMessage(appId, timeStamp, nonceStr, packageText.slice('prepay_id='.length))
  if (await isSigned(bare)) {
    const differsAt = 'the fourth line is the bare prepay_id, as an app signs it; a Mini Program signs prepay_id=…'
    return { signedString, differsAt }
  }
  if (await isSigned(signedString.slice(0, -1))) {
    return { signedString, differsAt: 'the last line has no LF; all four lines end with one' }
  }
  return { signedString }
}
