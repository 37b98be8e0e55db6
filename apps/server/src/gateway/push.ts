import { isWechatError, MessagePush, type PushEvent, readPushEvent } from '@fenpay/wechat'
import type { MerchantApp } from '../domain/merchant.ts'
import type { PushFact, PushInboxMessage, PushReading } from '../ports.ts'
import { notifyReasonOf } from './outcomes.ts'

/** WeChat signs each try anew; an older message is somebody's copy. */
const ageSecondsMax = 300

/** The app's own reader; only the encrypted modes are taken, as the signature of a plain message does not cover it. */
export function messagePushOf({ appid, push }: MerchantApp): MessagePush | undefined {
  return push && new MessagePush({ appid, token: push.token, encodingAesKey: push.encodingAesKey })
}

export function verifyPushUrl(push: MessagePush | undefined, query: Record<string, string>): string | undefined {
  try {
    return push?.verifyUrl(query)
  } catch (error) {
    if (!isWechatError(error)) throw error
    return undefined
  }
}

export function readPush(push: MessagePush | undefined, message: PushInboxMessage, nowMs: number): PushReading {
  if (push === undefined) return { outcome: 'refused', reason: 'push_not_configured' }
  try {
    const read = push.read(message)
    if (Math.abs(nowMs / 1000 - read.timestamp) > ageSecondsMax) return { outcome: 'refused', reason: 'clock_skew' }
    const event = readPushEvent(read)
    const concerns = event === undefined || isOf(event, message.merchantId)
    if (!concerns) return { outcome: 'refused', reason: 'merchant_mismatch' }
    return {
      outcome: 'message',
      event: read.event ?? read.msgType,
      dedupeKey: read.dedupeKey,
      fact: event && factOf(event),
    }
  } catch (error) {
    return { outcome: 'refused', reason: notifyReasonOf(error) }
  }
}

/** An order of another merchant number of the same mini program is none of ours (A12). */
function isOf(event: PushEvent, merchantId: string): boolean {
  return !('merchant_id' in event) || event.merchant_id === merchantId
}

function factOf(event: PushEvent): PushFact | undefined {
  switch (event.event) {
    case 'trade_manage_remind_shipping':
      return { fact: 'shipping_wanted', transactionId: event.transaction_id }
    case 'trade_manage_order_settlement':
      return {
        fact: 'settlement',
        transactionId: event.transaction_id,
        shippedAt: instant(event.shipped_time),
        confirmedAt: instant(event.confirm_receive_time),
        settledAt: instant(event.settlement_time),
      }
    case 'trade_manage_remind_access_api':
    case 'wxa_trade_controlled':
      return { fact: 'management_wanted', text: event.msg ?? event.event }
    default:
      return undefined
  }
}

function instant(seconds: number | undefined): Date | undefined {
  return seconds === undefined || seconds === 0 ? undefined : new Date(seconds * 1000)
}
