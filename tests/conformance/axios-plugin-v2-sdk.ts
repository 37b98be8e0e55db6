import { isAxiosError } from 'axios'
import { Decorator, Formatter, Hash, Transformer } from 'wechatpay-axios-plugin'
import type { V2Client, V2Config, V2Fields, V2Sdk } from './v2-sdk.ts'

/** The v2 side of wechatpay-axios-plugin. */
export const axiosPluginV2Sdk: V2Sdk = {
  name: 'wechatpay-axios-plugin',
  wrongSignature: 'EV2_RES_SIGNATURE_NOT_EQUAL',
  reasonOf: (error) => {
    if (!isAxiosError<V2Fields>(error)) return String(error)
    if (error.code !== 'EV2_RES_STATUS_CODE_NOT_SUCESS') return error.code ?? error.message
    const { err_code, return_msg } = error.response?.data ?? {}
    return err_code ?? return_msg ?? error.message
  },
  connect: connectV2,
}

function connectV2({ url, appid, mchid, key, signType, notifyUrl }: V2Config): V2Client {
  const config = { baseURL: url, proxy: false, mchid, secret: key }
  const client = Decorator.xmlBased(config)
  const call = async (operation: string, params: V2Fields): Promise<V2Fields> => {
    const message = { appid, mch_id: mchid, sign_type: signType, ...params }
    return (await client.post<V2Fields>(`/pay/${operation}`, message)).data
  }
  return {
    unifiedOrder: (params) =>
      call('unifiedorder', {
        notify_url: notifyUrl,
        spbill_create_ip: '127.0.0.1',
        trade_type: 'JSAPI',
        ...params,
      }),
    orderQuery: (outTradeNo) => call('orderquery', { out_trade_no: outTradeNo }),
    closeOrder: (outTradeNo) => call('closeorder', { out_trade_no: outTradeNo }),
    payParameters: (prepayId) => {
      const parameters = {
        appId: appid,
        timeStamp: `${Formatter.timestamp()}`,
        nonceStr: Formatter.nonce(),
        package: `prepay_id=${prepayId}`,
        signType,
      }
      return { ...parameters, paySign: Hash.sign(signType, parameters, key) }
    },
    takeNotify: async (xml) => {
      const verified = new Transformer(mchid, key).verifier(Transformer.toObject(xml))
      if (verified instanceof Error) {
        return { reply: Transformer.toXml({ return_code: 'FAIL', return_msg: verified.message }) }
      }
      return { fields: verified as V2Fields, reply: Transformer.toXml({ return_code: 'SUCCESS', return_msg: 'OK' }) }
    },
  }
}
