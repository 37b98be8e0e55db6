import { createCipheriv, createSign, generateKeyPairSync } from 'node:crypto'
import type { Message } from './answer.ts'
import type { Stage } from './stage.ts'

/** What may be wrong with a v3 notification that is otherwise as WeChat would write it. */
export interface Flaws {
  /** In place of the whole body. */
  body?: string | Uint8Array<ArrayBuffer>
  /** In place of the decrypted transaction. */
  plaintext?: string
  eventType?: string
  resource?: Record<string, unknown>
  key?: string
  /** Changes the sealed bytes. */
  seal?: (sealed: Buffer) => Buffer
  timestamp?: string
  headers?: Record<string, string>
}

/** A WeChat whose private key the test holds, so that it can sign anything validly. */
export class SigningWechat {
  readonly id = 'PUB_KEY_ID_0100000000000000000000000001'
  readonly #keys = generateKeyPairSync('rsa', { modulusLength: 2048 })

  /** The environment of a server that takes this WeChat for the real one. */
  get env(): NodeJS.ProcessEnv {
    const publicKey = this.#keys.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    return { FENPAY_WECHATPAY_PUBLIC_KEY_ID: this.id, FENPAY_WECHATPAY_PUBLIC_KEY: publicKey }
  }

  notification(stage: Stage, transaction: Record<string, unknown>, flaws: Flaws = {}): Message {
    const body = flaws.body ?? JSON.stringify(this.#envelope(stage, transaction, flaws))
    const timestamp = flaws.timestamp ?? String(Math.floor(Date.now() / 1000))
    const nonce = 'n'.repeat(32)
    const signer = createSign('RSA-SHA256').update(`${timestamp}\n${nonce}\n`).update(body).update('\n')
    const signature = signer.sign(this.#keys.privateKey, 'base64')
    return {
      body,
      headers: {
        'content-type': 'application/json',
        'wechatpay-timestamp': timestamp,
        'wechatpay-nonce': nonce,
        'wechatpay-serial': this.id,
        'wechatpay-signature': signature,
        'wechatpay-signature-type': 'WECHATPAY2-SHA256-RSA2048',
        ...flaws.headers,
      },
    }
  }

  #envelope(stage: Stage, transaction: Record<string, unknown>, flaws: Flaws) {
    const nonce = 'abcdefghijkl'
    const cipher = createCipheriv('aes-256-gcm', flaws.key ?? stage.merchant.api_v3_key, nonce).setAAD(
      Buffer.from('transaction'),
    )
    const text = flaws.plaintext ?? JSON.stringify(transaction)
    const sealed = Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()])
    return {
      id: 'EV-2026010112000000001',
      create_time: '2026-01-01T12:00:00+08:00',
      event_type: flaws.eventType ?? 'TRANSACTION.SUCCESS',
      resource_type: 'encrypt-resource',
      summary: '支付成功',
      resource: {
        original_type: 'transaction',
        algorithm: 'AEAD_AES_256_GCM',
        ciphertext: (flaws.seal?.(sealed) ?? sealed).toString('base64'),
        associated_data: 'transaction',
        nonce,
        ...flaws.resource,
      },
    }
  }
}

/** The transaction that WeChat would report for a paid attempt, with changes; undefined takes a field away. */
export async function transactionOf(
  stage: Stage,
  outTradeNo: string,
  changes: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  const [attempt] = await stage.sql<{ appid: string; openid: string; total_fen: number }[]>`
    select appid, openid, total_fen from attempts where out_trade_no = ${outTradeNo}`
  if (attempt === undefined) throw new Error(`there is no attempt ${outTradeNo}`)
  return {
    mchid: stage.merchant.mchid,
    appid: attempt.appid,
    out_trade_no: outTradeNo,
    transaction_id: `42000${outTradeNo.slice(0, 23)}`,
    trade_type: 'JSAPI',
    trade_state: 'SUCCESS',
    trade_state_desc: '支付成功',
    bank_type: 'OTHERS',
    success_time: '2026-01-01T12:00:00+08:00',
    payer: { openid: attempt.openid },
    amount: { total: attempt.total_fen, payer_total: attempt.total_fen, currency: 'CNY', payer_currency: 'CNY' },
    ...changes,
  }
}
