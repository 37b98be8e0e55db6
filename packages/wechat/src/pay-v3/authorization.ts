/** How a Pay v3 request is signed. See pay-v3, "Signing requests". */
import type { MerchantKey } from '../auth/merchant-key.ts'

export interface RequestToSign {
  method: 'GET' | 'POST'
  /** Path with query, exactly as sent. */
  path: string
  timestamp: string
  nonce: string
  /** Exactly as sent; empty if there is none. */
  body: string
}

/** The signed text: five lines, the last one ended too. */
export function requestMessage({ method, path, timestamp, nonce, body }: RequestToSign): string {
  return `${method}\n${path}\n${timestamp}\n${nonce}\n${body}\n`
}

/** The value of the Authorization header. */
export async function authorize(mchid: string, key: MerchantKey, request: RequestToSign): Promise<string> {
  const signature = await key.sign(requestMessage(request))
  const fields = [
    `mchid="${mchid}"`,
    `nonce_str="${request.nonce}"`,
    `signature="${signature}"`,
    `timestamp="${request.timestamp}"`,
    `serial_no="${key.serialNo}"`,
  ]
  return `WECHATPAY2-SHA256-RSA2048 ${fields.join(',')}`
}
