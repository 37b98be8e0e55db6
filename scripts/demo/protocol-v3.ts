import { PayV3Client } from '../../packages/wechat/src/index.ts'
import type { Protocol } from './protocol.ts'
import type { LoggedMessage, MerchantKeys } from './simulated-wechat.ts'

export const payV3: Protocol = {
  title: 'Pay v3: JSON, RSA signatures, encrypted notifications',
  prepayPath: '/v3/pay/transactions/jsapi',
  queryPath: '/v3/pay/transactions/out-trade-no/',
  labels: {
    request: ['method', 'path', 'timestamp', 'nonce', 'body'],
    answer: ['timestamp', 'nonce', 'body'],
    paySign: ['appid', 'timeStamp', 'nonceStr', 'package'],
  },
  words: {
    request: `Why WeChat believes that this is us: five lines are signed (SHA256 with RSA) with the private key of our
      merchant certificate, which never leaves the server. The signature travels in the authorization header above, with
      the timestamp and the nonce that are in it; serial_no says which certificate verifies it. The body line is the
      very bytes that were sent, not the tidy print above.`,
    answer: `WeChat signs its answers too, over three lines, with its own private key. The header Wechatpay-Serial names
      the key that verifies it, here the WeChat Pay public key (微信支付公钥). Anybody could have answered; the server uses
      nothing of an answer whose signature does not fit.`,
    paySign: `The five parameters are signed once more, because they travel through the phone: four lines, with our
      private key. Whoever changes one of them on the way would need the key to sign them again.`,
    notify: `It is signed by WeChat as the answer above was, over the raw body. What was paid is encrypted besides
      (AES-256-GCM), under the APIv3 key (APIv3密钥) that only WeChat and our server know.`,
    opened: `the signature fits the WeChat Pay public key, its timestamp is less than five minutes old, and the resource
      opens with the APIv3 key.`,
    openedName: 'decrypted (解密后)',
    acknowledgement: 'v3 asks for a status of 200 or 204 and looks at no body',
  },
  keys: ({ certificate, wechatpay_public_key: wechatpay, api_v3_key: apiV3Key }) => [
    ['merchant certificate (商户API证书)', `serial_no ${certificate.serial_no}`],
    ['', base64Of(certificate.certificate_pem)],
    ['WeChat Pay public key (微信支付公钥)', wechatpay.id],
    ['', base64Of(wechatpay.public_key_pem)],
    ['APIv3 key (APIv3密钥)', apiV3Key],
  ],
  async answerString(_wechat, headers, body) {
    return `${headers['Wechatpay-Timestamp']}\n${headers['Wechatpay-Nonce']}\n${body}\n`
  },
  async openNotify(merchant: MerchantKeys, { headers, body }: LoggedMessage) {
    const { id, public_key_pem: publicKey } = merchant.wechatpay_public_key
    const client = new PayV3Client({
      mchid: merchant.mchid,
      apiV3Key: merchant.api_v3_key,
      merchantKey: { serialNo: merchant.certificate.serial_no, privateKey: merchant.certificate.private_key_pem },
      platformKeys: { publicKeys: [{ id, publicKey }] },
    })
    const notify = await client.parseNotify({ headers, body: Buffer.from(body) })
    if (notify.kind !== 'payment') throw new Error(`expected a payment notification, not ${notify.event_type}`)
    return notify.resource
  },
}

/** What stands between the BEGIN and the END line of a PEM. */
const base64Of = (pem: string): string => pem.trim().split('\n').slice(1, -1).join('')
