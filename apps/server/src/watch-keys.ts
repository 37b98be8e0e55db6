import { reportKeyAlarm } from './commands/report-key-alarm.ts'
import type { PayApi } from './domain/attempt.ts'
import type { GatewayWatch } from './gateway/wechat-gateway.ts'
import type { Logger } from './http/logger.ts'
import type { Store, World } from './ports.ts'
import type { Sql } from './storage/connect.ts'
import { createPlatformCertificates } from './storage/platform-certificates.ts'

/** What the gateway sees of the merchants' keys goes to the log, one line when it begins, and to a flag. */
export function watchKeys(parts: { sql: Sql; world: World; logger: Logger; store: () => Store }): GatewayWatch {
  const { sql, world, logger } = parts
  return {
    now: () => world.now().getTime(),
    certificates: createPlatformCertificates(sql),
    onAlarm: (merchantId, alarm) => {
      const facts = { alarm: alarm.kind, merchant: merchantId, key: alarm.key, ...alarm.evidence }
      if (alarm.isOn) logger.error(facts, 'a key needs a person')
      reportKeyAlarm({ store: parts.store(), world }, merchantId, alarm).then(
        (isSettled) => isSettled && logger.info(facts, 'a key is in order again'),
        (error: unknown) => logger.error({ ...facts, err: error }, 'the flag of an alarm could not be written'),
      )
    },
    onKeysMissing: (merchantId, payApi) =>
      logger.error(
        { merchant: merchantId, key: payApi },
        `WeChat cannot be asked about what was begun over ${payApi}: its keys are not configured. ` +
          `Configure ${keyNames(payApi)} again; payments and refunds keep the protocol they began with`,
      ),
    onNotKept: (error) => logger.warn({ err: error }, 'platform certificates could not be kept for the next start'),
  }
}

function keyNames(payApi: PayApi): string {
  return payApi === 'v3'
    ? 'FENPAY_API_V3_KEY, FENPAY_MERCHANT_SERIAL_NO and FENPAY_MERCHANT_PRIVATE_KEY'
    : 'FENPAY_API_V2_KEY'
}
