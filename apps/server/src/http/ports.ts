import type { PaymentSettings } from '../commands/prepay-order.ts'
import type { SubmitOrderRules } from '../commands/submit-order.ts'
import type {
  LoginGateway,
  MerchantDirectory,
  NotifyStore,
  PaymentGateway,
  ProfileStore,
  PushGateway,
  Secrets,
  Store,
  World,
} from '../ports.ts'
import type { Logger } from './logger.ts'
import type { Metrics } from './metrics.ts'

/** Everything the routes hand to the commands. */
export interface HttpPorts {
  store: Store
  notifyStore: NotifyStore
  payment: PaymentGateway
  login: LoginGateway
  push: PushGateway
  merchants: MerchantDirectory
  profiles: ProfileStore
  secrets: Secrets
  world: World
  settings: PaymentSettings
  rules: SubmitOrderRules
  /** The app of a login that names none. */
  defaultAppid: string
  /** Whether the database answers. */
  isReady(): Promise<boolean>
  /** Whether an error means that the database cannot be reached. */
  isDatabaseUnavailable(error: unknown): boolean
  metrics: Metrics
  /** Lets /metrics be read from elsewhere than this machine. */
  metricsToken: string | undefined
  rateLimitPerMinute: number
  trustProxy: boolean
  logger: Logger
}
