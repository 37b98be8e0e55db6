import TenpayClient from 'tenpay'
import type { V2Client, V2Config, V2Fields, V2Sdk } from './v2-sdk.ts'

/** tenpay 2: its table of addresses is a public field, and the only way to another host. */
export const tenpaySdk: V2Sdk = {
  name: 'tenpay',
  wrongSignature: 'sign签名错误',
  reasonOf: (error) => (error instanceof Error ? error.message : String(error)),
  connect: ({ url, appid, mchid, key, signType, notifyUrl }: V2Config): V2Client => {
    const client = new TenpayClient({ appid, mchid, partnerKey: key, notify_url: notifyUrl })
    for (const [operation, address] of Object.entries(client.urls)) {
      client.urls[operation] = url + new URL(address).pathname
    }
    return {
      unifiedOrder: (params) => client.unifiedOrder({ ...params, sign_type: signType }),
      orderQuery: (outTradeNo) => client.orderQuery({ out_trade_no: outTradeNo, sign_type: signType }),
      closeOrder: (outTradeNo) => client.closeOrder({ out_trade_no: outTradeNo, sign_type: signType }),
      payParameters: (prepayId) => client.getPayParamsByPrepay({ prepay_id: prepayId }, signType),
      takeNotify: (xml) => runMiddleware(client, xml),
    }
  },
}

/** Runs the Express middleware with the two methods of Express that it calls. */
async function runMiddleware(client: TenpayClient, xml: string): Promise<{ fields?: V2Fields; reply: string }> {
  const request: Parameters<ReturnType<TenpayClient['middlewareForExpress']>>[0] = { body: xml }
  let reply = ''
  const response: Parameters<ReturnType<TenpayClient['middlewareForExpress']>>[1] = {
    header: () => {},
    send: (body) => {
      reply = body
    },
  }
  await client.middlewareForExpress('pay')(request, response, () => response.reply?.())
  return { reply, ...(request.weixin === undefined ? {} : { fields: request.weixin }) }
}
