import { createSecretKey, randomBytes } from 'node:crypto'
import type { World } from '@fenpay/server'
import type { OutboxPorts } from '../../apps/server/src/commands/deliver-outbox.ts'
import type { DeliveryOutcome } from '../../apps/server/src/domain/outbox.ts'
import { createWebhookPoster } from '../../apps/server/src/gateway/webhook-post.ts'
import type { Sql } from '../../apps/server/src/storage/connect.ts'
import { createSealer } from '../../apps/server/src/storage/seal.ts'
import { createStore } from '../../apps/server/src/storage/store.ts'

/** A world whose clock a test puts forward. */
export interface MovableWorld extends World {
  aheadMs: number
}

export function movableWorld(): MovableWorld {
  const world = {
    aheadMs: 0,
    now: () => new Date(Date.now() + world.aheadMs),
    randomBytes: (size: number) => randomBytes(size),
  }
  return world
}

export const masterKey = Buffer.alloc(32, 7)

/** What the outbox works with, on a shop's database, for tests that take its steps one by one. */
export interface OutboxParts extends OutboxPorts {
  /** Calls made at WeChat, and what it answers next. */
  calls: { shipping: boolean[]; messages: number }
  answers: { shipping: () => Promise<DeliveryOutcome>; message: () => Promise<DeliveryOutcome> }
  failures: unknown[]
}

export function outboxParts(sql: Sql, world: World): OutboxParts {
  const parts: OutboxParts = {
    store: createStore(sql, { random: () => 0 }),
    world,
    secrets: createSealer(createSecretKey(masterKey), (size) => randomBytes(size)),
    webhooks: createWebhookPoster({ allowLoopback: true, clock: Date.now }),
    calls: { shipping: [], messages: 0 },
    answers: {
      shipping: async () => ({ outcome: 'delivered' }),
      message: async () => ({ outcome: 'delivered' }),
    },
    shipping: {
      upload(_notice, mayHaveArrived) {
        parts.calls.shipping.push(mayHaveArrived)
        return parts.answers.shipping()
      },
    },
    messages: {
      send() {
        parts.calls.messages += 1
        return parts.answers.message()
      },
    },
    failures: [],
    onFailure: (_item, error) => parts.failures.push(error),
  }
  return parts
}
