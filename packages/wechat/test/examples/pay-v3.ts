import { isWechatError, type PaymentParams, PayV3Client, type V3Transaction } from '@fenpay/wechat'

const appid = 'wxd678efh567hg6787'

export function createPayV3(keys: { apiV3Key: string; privateKeyPem: string; publicKeyPem: string }): PayV3Client {
  return new PayV3Client({
    mchid: '1900007291',
    apiV3Key: keys.apiV3Key,
    merchantKey: { serialNo: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB', privateKey: keys.privateKeyPem },
    platformKeys: { publicKeys: [{ id: 'PUB_KEY_ID_0114232134912410000000000000', publicKey: keys.publicKeyPem }] },
  })
}

/** Makes an order and gives what the mini program hands to wx.requestPayment. */
export async function startPayment(payV3: PayV3Client, openid: string): Promise<PaymentParams> {
  const { prepay_id } = await payV3.prepayJsapi({
    appid,
    description: 'Beef noodles',
    out_trade_no: '20240805170021a7f3',
    notify_url: 'https://shop.example.com/wechat/notify/v3',
    amount: { total: 2800 },
    payer: { openid },
  })
  return payV3.paymentParams({ appid, prepayId: prepay_id })
}

/** Takes a notify and gives the HTTP status to answer with; `body` is the bytes as received. */
export async function takeNotify(
  payV3: PayV3Client,
  message: { headers: Record<string, string | string[] | undefined>; body: Uint8Array },
  applyPayment: (transaction: V3Transaction) => Promise<void>,
): Promise<number> {
  try {
    const notify = await payV3.parseNotify(message)
    if (notify.kind === 'payment') await applyPayment(notify.resource)
    return 204
  } catch (error) {
    if (isWechatError(error)) return 401
    throw error
  }
}
