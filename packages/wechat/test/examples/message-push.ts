import { isWechatError, type MessagePush, type PushEvent, readPushEvent } from '@fenpay/wechat'

/** Takes a push and gives the HTTP status to answer with, beside the text `success`; `body` is the bytes as received. */
export async function takePush(
  push: MessagePush,
  request: { query: Record<string, unknown>; body: Uint8Array; contentType?: string },
  applyOnce: (dedupeKey: string, event: PushEvent) => Promise<void>,
): Promise<number> {
  try {
    const message = push.read(request)
    const event = readPushEvent(message)
    if (event !== undefined) await applyOnce(message.dedupeKey, event)
    return 200
  } catch (error) {
    if (isWechatError(error)) return 401
    throw error
  }
}
