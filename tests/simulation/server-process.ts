import { seededRandom } from '@fenpay/simulator'
import type { PaymentSettings } from '../../apps/server/src/commands/prepay-order.ts'
import { receiveNotify } from '../../apps/server/src/commands/receive-notify.ts'
import type { SubmitOrderRules } from '../../apps/server/src/commands/submit-order.ts'
import { type PayApi, payApis } from '../../apps/server/src/domain/attempt.ts'
import type { Merchant } from '../../apps/server/src/domain/merchant.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import type {
  LoginGateway,
  MessageGateway,
  NotifyStore,
  PaymentGateway,
  Secrets,
  ShippingGateway,
  Store,
  WebhookPoster,
  World,
} from '../../apps/server/src/ports.ts'
import type { Sql } from '../../apps/server/src/storage/connect.ts'
import { createNotifyStore, createStore } from '../../apps/server/src/storage/store.ts'
import { randomFraction } from '../../apps/server/src/world.ts'
import type { Message } from './network.ts'
import type { Plan } from './plan.ts'
import type { Scheduler } from './scheduler.ts'

/** What the commands of one process work with. */
export interface Ports {
  store: Store
  notifyStore: NotifyStore
  payment: PaymentGateway
  login: LoginGateway
  shipping: ShippingGateway
  messages: MessageGateway
  webhooks: WebhookPoster
  secrets: Secrets
  world: World
  settings: PaymentSettings
  rules: SubmitOrderRules
}

/** Breaks the product, to see whether a simulation notices. */
export type Mutant = (ports: Ports) => Ports

export interface ProcessParts {
  index: number
  plan: Plan
  merchant: Merchant
  sql: Sql
  wechatUrl: string
  secureUrl: string
  fetch: typeof fetch
  secureFetch: typeof fetch
  webhooks: WebhookPoster
  secrets: Secrets
  /** The clock of this process, which may be wrong. */
  clock: () => number
  scheduler: Scheduler
  /** What becomes of the next transaction. */
  database: () => DatabaseFate
  mutant: Mutant
}

/** `lost`: committed, and nobody is told. */
export type DatabaseFate = 'well' | 'refused' | 'lost'

/** One server as it is between its start and its death: the product's own commands, store and gateway. */
export class ServerProcess {
  readonly name: string
  readonly ports: Ports

  constructor(parts: ProcessParts, life: number) {
    this.name = `p${parts.index}`
    this.ports = throughGates(parts, parts.mutant(realPorts(parts, life)))
  }

  /** As the route does, without its HTTP. */
  async receive(message: Message): Promise<{ status: number; body: string }> {
    const [, , , api, merchantId = ''] = message.path.split('/')
    const payApi = payApis.find((known) => known === api) ?? 'v3'
    const answer = await receiveNotify(this.ports, merchantId, payApi, message.headers, message.body)
    return answerOf(payApi, answer.acknowledged)
  }
}

function answerOf(payApi: PayApi, acknowledged: boolean): { status: number; body: string } {
  if (payApi === 'v3') return { status: acknowledged ? 204 : 401, body: '' }
  const code = acknowledged ? 'SUCCESS' : 'FAIL'
  return { status: acknowledged ? 200 : 401, body: `<xml><return_code><![CDATA[${code}]]></return_code></xml>` }
}

function realPorts(
  { index, plan, merchant, sql, wechatUrl, secureUrl, clock, ...parts }: ProcessParts,
  life: number,
): Ports {
  const world: World = {
    now: () => new Date(clock()),
    randomBytes: seededRandom(`${plan.seed}/p${index}/${life}`),
  }
  const random = () => randomFraction(world)
  const find = async (merchantId: string) => (merchantId === merchant.merchantId ? merchant : undefined)
  const gateway = createWeChatGateway(
    { find, ofApp: async () => merchant },
    {
      clock,
      random,
      nonce: () => Buffer.from(world.randomBytes(16)).toString('hex'),
      baseUrls: [wechatUrl],
      fetch: parts.fetch,
      secureBaseUrls: [secureUrl],
      secureFetch: parts.secureFetch,
      // Its limit is the one thing measured in real time; it must never be reached.
      timeoutMs: 60_000,
      sleep: () => parts.scheduler.pausing(() => parts.scheduler.gate('tries again')),
    },
  )
  return {
    store: createStore(sql, { random }),
    notifyStore: createNotifyStore(sql, { random }),
    payment: gateway.payment,
    login: gateway.login,
    shipping: gateway.shipping,
    messages: gateway.messages,
    webhooks: parts.webhooks,
    secrets: parts.secrets,
    world,
    settings: {
      payApi: async () => plan.payApi,
      description: async () => 'simulated',
      notifyUrl: (merchantId, payApi) => `http://127.0.0.1:3000/wechat/notify/${payApi}/${merchantId}`,
    },
    rules: { orderTtlSeconds: plan.orderTtlSeconds, openOrdersMax: 20 },
  }
}

function throughGates(parts: ProcessParts, ports: Ports): Ports {
  const { scheduler } = parts
  return {
    ...ports,
    store: gated(parts, 'store', ports.store),
    notifyStore: gated(parts, 'notifyStore', ports.notifyStore),
    payment: awaited(scheduler, ports.payment),
    login: awaited(scheduler, ports.login),
    shipping: awaited(scheduler, ports.shipping),
    messages: awaited(scheduler, ports.messages),
  }
}

/** Each call waits for its turn, and is one step. */
function gated<Port extends object>({ scheduler, database }: ProcessParts, name: string, port: Port): Port {
  return wrapped(port, (key, call) => async () => {
    await scheduler.gate(`${name}.${key}`)
    const fate = database()
    if (fate === 'refused') throw noDatabase('refused')
    const result = await scheduler.during(call)
    if (fate === 'lost') throw noDatabase('committed, and the connection lost')
    return result
  })
}

function noDatabase(what: string): Error {
  return Object.assign(new Error(what), { code: 'CONNECTION_CLOSED' })
}

/** What waits inside are the requests that the call makes. */
function awaited<Port extends object>(scheduler: Scheduler, port: Port): Port {
  return wrapped(port, (_key, call) => () => scheduler.during(call))
}

type Wrap = (key: string, call: () => Promise<unknown>) => () => Promise<unknown>

function wrapped<Port extends object>(port: Port, wrap: Wrap): Port {
  return new Proxy(port, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key)
      if (typeof member === 'function') {
        return (...args: unknown[]) => wrap(String(key), () => Reflect.apply(member, target, args))()
      }
      return typeof member === 'object' && member !== null ? wrapped(member, wrap) : member
    },
  })
}
