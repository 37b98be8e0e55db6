import { randomBytes } from 'node:crypto'
import { createLogger, type World } from '@fenpay/server'
import type { HttpOptions } from '@fenpay/wechat'
import { sweepOrders } from '../../apps/server/src/commands/sweep-orders.ts'
import { sweepRefunds } from '../../apps/server/src/commands/sweep-refunds.ts'
import { createWeChatGateway } from '../../apps/server/src/gateway/wechat-gateway.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'
import { watchKeys } from '../../apps/server/src/watch-keys.ts'
import { type Shop, type ShopOptions, startShop } from './shop.ts'

/** A shop whose day passes in seconds: its clock and WeChat's are put forward together, with sweeps on the way. */
export interface TimedShop extends Shop {
  world: World
  /** Lets time pass for the shop and for WeChat; what is due meanwhile is swept. */
  passTime(seconds: number): Promise<void>
  /** Puts both clocks forward, and nobody looks. */
  skip(seconds: number): Promise<void>
  sweeper: Sweeper
}

/** What a server does by itself, one round at a time. */
export interface Sweeper {
  /** Looks at everything that is due. */
  sweep(): Promise<void>
}

export async function startTimedShop(options: Omit<ShopOptions, 'world'> = {}): Promise<TimedShop> {
  let aheadMs = 0
  const world: World = { now: () => new Date(Date.now() + aheadMs), randomBytes: (size) => randomBytes(size) }
  const shop = await startShop({ ...options, world })
  const sweeper = sweeperOf(shop, world, options.http)
  const skip = async (seconds: number) => {
    aheadMs += seconds * 1000
    await shop.wechat.advance(seconds)
  }
  return {
    ...shop,
    world,
    skip,
    sweeper,
    async passTime(seconds) {
      // As often as a fresh payment is looked at, but never more than forty times.
      const step = Math.max(5, Math.ceil(seconds / 40))
      for (let left = seconds; left > 0; left -= step) {
        await skip(Math.min(step, left))
        await sweeper.sweep()
      }
    },
  }
}

/** One more server's sweeps on the shop's database, with clients of their own for WeChat. */
export function sweeperOf(shop: Shop, world: World, http: HttpOptions = {}): Sweeper {
  const { config, sql } = shop
  const store = createStore(sql, { random: Math.random })
  const secure = config.wechatSecure
  const calls = {
    clock: Date.now,
    baseUrls: [shop.wechat.url],
    ...(secure === undefined ? {} : { secureBaseUrls: [secure.url], secureCaPem: secure.caPem }),
    ...http,
  }
  const { merchant } = config
  const merchants = { find: async () => merchant, ofApp: async () => merchant }
  const watch = watchKeys({ sql, world, logger: createLogger('silent'), store: () => store })
  const { payment } = createWeChatGateway(merchants, calls, watch)
  const onFailure = (_: unknown, error: unknown) => {
    throw error
  }
  const { signal } = new AbortController()
  return {
    async sweep() {
      while (await sweepOrders({ store, payment, world, onFailure }, signal)) {}
      while (await sweepRefunds({ store, payment, world, onFailure }, signal)) {}
    },
  }
}
