import { PayV2Client, type V2SignType } from '../../packages/wechat/src/index.ts'
import type { Protocol } from './protocol.ts'

/** Pay v2 with either of its two signatures. */
export const payV2 = (signType: V2SignType): Protocol => ({
  title: `Pay v2: XML, ${signType} signatures`,
  prepayPath: '/pay/unifiedorder',
  queryPath: '/pay/orderquery',
  labels: { request: [], answer: [], paySign: [] },
  words: {
    request: `Why WeChat believes that this is us: all fields but sign that are not empty, sorted by name, are joined
      with & and followed by the APIv2 key (APIv2密钥), a secret that only WeChat and our server know. ${
        signType === 'MD5' ? 'The MD5 of this string' : 'The HMAC-SHA256 of this string, under the same key,'
      } in upper-case hex is the field sign above. WeChat never shows the key: below it stands as <api_v2_key>.`,
    answer: `WeChat signs its answers by the same rule with the same key. Anybody could have answered; the server works
      the signature out again and uses nothing of an answer that it does not fit.`,
    paySign: `The five parameters are signed once more, because they travel through the phone: the same rule and
      key, over the five names as wx.requestPayment spells them (appId with a capital I, unlike the request). Whoever
      changes one of them on the way would need the key to sign them again.`,
    notify: `It is XML in the clear, signed by the same rule with the same key: who changes the amount on the way would
      need the key to sign it again.`,
    opened: 'the signature fits the APIv2 key, and every field has the form that it must have.',
    openedName: 'read (解析后)',
    acknowledgement: 'v2 asks for status 200 and return_code SUCCESS in XML',
  },
  keys: ({ api_v2_key: apiV2Key }) => [['APIv2 key (APIv2密钥)', apiV2Key]],
  // The rule is the same both ways, so WeChat's check of a request tells the string of its own messages as well.
  answerString: (wechat, headers, body) => wechat.signedString('/pay/orderquery', headers, body),
  async openNotify(merchant, { body }) {
    const client = new PayV2Client({ mchId: merchant.mchid, apiKey: merchant.api_v2_key, signType })
    return client.parsePaymentNotify(Buffer.from(body))
  },
})
