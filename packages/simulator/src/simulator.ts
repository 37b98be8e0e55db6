import { randomBytes } from 'node:crypto'
import { KeyCache } from './crypto/rsa.ts'
import { Notifier } from './delivery/notifier.ts'
import { type Post, post as postOverHttp } from './delivery/post.ts'
import { RefundClock } from './delivery/refund-clock.ts'
import { secureIdentityOf } from './engine/authority.ts'
import { Books } from './engine/books.ts'
import { CallCounts } from './engine/call-counts.ts'
import { VirtualClock, type WallClock } from './engine/clock.ts'
import { FaultPlan } from './engine/fault-plan.ts'
import { createMerchant } from './engine/merchants.ts'
import type { RandomBytes } from './engine/random.ts'
import { RefundRates } from './engine/refund-rates.ts'
import { RequestLog } from './engine/request-log.ts'
import { openMissingShippingOrders } from './engine/shipping.ts'
import { ensureDefaultTemplate } from './engine/subscriptions.ts'
import { Pusher } from './push/pusher.ts'
import { serve } from './server.ts'
import { openStore, type Store } from './store/journal.ts'
import type { World } from './world.ts'

/** How to start a simulator. */
export interface SimulatorOptions {
  /** Default 3001; 0 takes a free one. */
  readonly port?: number
  /** Of the https port with client certificates; default `port` + 2, or a free one when `port` is 0. */
  readonly securePort?: number
  /** Of a second address for the same WeChat, as api2 is to api; default: there is none. */
  readonly secondPort?: number
  /** A loopback address, default 127.0.0.1. */
  readonly host?: string
  /** Where the books are kept; without it they live in memory. */
  readonly dataDir?: string
  /** The wall clock, default the machine's. */
  readonly clock?: WallClock
  /** Source of ids, nonces and keys other than RSA; default the system's. */
  readonly random?: RandomBytes
  /** Gets a line for each unexpected error; default: nothing is written. */
  readonly log?: (line: string) => void
  /** How a notification is sent, default by HTTP: where each message is to arrive is the caller's to decide. */
  readonly post?: Post
  /**
   * `by-itself`, the default: what is due goes out at once. `on-command`: only what POST /_sim/notify/resend names, so
   * that a test is the one that decides when.
   */
  readonly delivery?: 'by-itself' | 'on-command'
}

/** A running simulator. */
export interface Simulator {
  readonly url: string
  /** https, for calls with a client certificate; `secure.ca_pem` of GET /_sim/merchants vouches for it. */
  readonly secureUrl: string
  /** Only with `secondPort`. */
  readonly secondUrl?: string
  close(): Promise<void>
}

/** Thrown when the simulator must not start: in production, or reachable from elsewhere. */
export class StartRefusedError extends Error {
  readonly code = 'start_refused'
}

const loopbackHosts = ['127.0.0.1', '::1', 'localhost']

/**
 * Starts the simulated WeChat. A first start makes the default merchant and app. Throws {@link StartRefusedError},
 * `DirectoryInUseError` and `JournalError`, and the system's error when the port is taken.
 */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const {
    port = 3001,
    securePort = port === 0 ? 0 : port + 2,
    secondPort,
    host = '127.0.0.1',
    dataDir,
    clock: wall = Date.now,
    random = randomBytes,
    log = () => {},
    post = postOverHttp,
    delivery = 'by-itself',
  } = options
  if (process.env['NODE_ENV'] === 'production') {
    throw new StartRefusedError('NODE_ENV is production: a simulated WeChat must not run there')
  }
  if (!loopbackHosts.includes(host)) {
    throw new StartRefusedError(`host must be one of ${loopbackHosts.join(', ')}, not ${host}`)
  }
  const store = dataDir === undefined ? inMemory() : openStore(dataDir, wall())
  try {
    const world = openWorld(store.books, wall, random)
    if (world.books.merchants.size === 0) await createMerchant(world, world.keys, { name: '芬派小店', apps: [{}] })
    openMissingShippingOrders(world)
    ensureDefaultTemplate(world)
    const notifier = new Notifier(world, {
      post,
      byItself: delivery === 'by-itself',
      others: (ended) => [new RefundClock(world), new Pusher(world, post, ended)],
    })
    const identity = await secureIdentityOf(world, world.keys)
    const server = await serve(world, notifier, { host, port, securePort, secondPort, identity }, log)
    notifier.wake()
    return {
      url: server.url,
      secureUrl: server.secureUrl,
      ...(server.secondUrl === undefined ? {} : { secondUrl: server.secondUrl }),
      close: async () => {
        await server.close()
        await notifier.close()
        store.close()
      },
    }
  } catch (error) {
    store.close()
    throw error
  }
}

const inMemory = (): Store => ({ books: new Books(), close: () => {} })

function openWorld(books: Books, wall: WallClock, random: RandomBytes): World {
  const fact = books.facts.get('clock')
  const clock = new VirtualClock(wall, fact?.name === 'clock' ? fact.offsetMs : 0)
  return {
    books,
    clock,
    random,
    keys: new KeyCache(),
    faults: new FaultPlan(clock),
    requests: new RequestLog(),
    callCounts: new CallCounts(),
    refundCallCounts: new CallCounts(),
    refundRates: new RefundRates(),
  }
}
