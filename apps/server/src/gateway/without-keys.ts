import type { PayApi } from '../domain/attempt.ts'
import { Refusal } from '../domain/refusal.ts'
import type { UnknownOutcome } from '../ports.ts'
import type { ProtocolGateway } from './protocol-gateway.ts'

/**
 * A protocol whose keys are not configured, or not any more. What was begun over it stays as it is: nothing can be asked,
 * so nothing is known, until the keys are back.
 * @param onFirstCall told once that something wants the keys
 */
export function gatewayWithoutKeys(payApi: PayApi, onFirstCall: () => void): ProtocolGateway {
  let isTold = false
  const notConfigured = async (): Promise<UnknownOutcome> => {
    if (!isTold) onFirstCall()
    isTold = true
    return { outcome: 'unknown', why: 'not_configured', detail: `the keys of ${payApi} are not configured` }
  }
  return {
    prepay: notConfigured,
    query: notConfigured,
    close: notConfigured,
    refund: notConfigured,
    queryRefund: notConfigured,
    listRefunds: notConfigured,
    async paymentParameters() {
      const { detail } = await notConfigured()
      throw new Refusal('payment_not_configured', `The payment cannot be signed: ${detail}.`)
    },
    readNotify: async () => ({ outcome: 'refused', reason: 'no_key_for_protocol' }),
  }
}
