import {
  type DeliveryOutcome,
  mustNotRepeat,
  nextOutboxStep,
  type OutboxKind,
  type OutboxStep,
} from '../domain/outbox.ts'
import type {
  ClaimedOutbox,
  MessageGateway,
  OutboxItem,
  Secrets,
  ShippingGateway,
  Store,
  WebhookPoster,
  World,
  Writes,
} from '../ports.ts'
import { checkShippingDeadline } from './check-shipping-deadline.ts'
import { deliverPaidMessage } from './deliver-paid-message.ts'
import { deliverShipping } from './deliver-shipping.ts'
import { deliverWebhook } from './deliver-webhook.ts'
import { raiseFlag } from './raise-flag.ts'
import { sweep } from './sweep.ts'

export interface OutboxPorts {
  store: Store
  shipping: ShippingGateway
  messages: MessageGateway
  webhooks: WebhookPoster
  secrets: Secrets
  world: World
  /** Told of an item whose result could not be written; it is tried again (F65). */
  onFailure: (item: OutboxItem, error: unknown) => void
}

/** How a try ended, and what is written together with that. */
export interface Delivery {
  ended: DeliveryOutcome
  record?: (tx: Writes, step: OutboxStep) => Promise<void>
  /** Nobody has to be told when it is given up. */
  quiet?: boolean
}

const deliver: Record<OutboxKind, (ports: OutboxPorts, claimed: ClaimedOutbox) => Promise<Delivery>> = {
  upload_shipping: deliverShipping,
  paid_message: deliverPaidMessage,
  shipping_deadline: checkShippingDeadline,
  webhook: deliverWebhook,
}

/** So long a claimed item is nobody else's. */
const leaseSeconds = 60
/** A try takes no longer than this; with less of the lease left it is not begun (F64). */
const trySeconds = 20

/**
 * Delivers what is due in the outbox: the net under the jobs, and all there is where no jobs run. Any number of processes
 * may do so at once.
 * @returns whether more may be due at once
 */
export function deliverDueOutbox(ports: OutboxPorts, signal: AbortSignal): Promise<boolean> {
  const work = {
    now: ports.world.now(),
    claim: ports.store.holdDueOutbox,
    async lookAt(held: OutboxItem) {
      await claimAndTry(ports, held, held.nextAt)
    },
    onFailure: ports.onFailure,
  }
  return sweep(work, signal)
}

/**
 * Delivers one item, if it is due and nobody is at it.
 * @returns the step it took; undefined when there was nothing to do
 */
export function deliverOutboxItem(
  ports: OutboxPorts,
  merchantId: string,
  outboxId: string,
): Promise<OutboxStep['status'] | undefined> {
  return claimAndTry(ports, { merchantId, outboxId }, ports.world.now())
}

async function claimAndTry(
  ports: OutboxPorts,
  { merchantId, outboxId }: Pick<OutboxItem, 'merchantId' | 'outboxId'>,
  dueBy: Date,
): Promise<OutboxStep['status'] | undefined> {
  const leaseUntil = new Date(ports.world.now().getTime() + leaseSeconds * 1000)
  const claimed = await ports.store.claimOutbox(merchantId, outboxId, dueBy, leaseUntil)
  return claimed && tryOnce(ports, claimed)
}

/** The claim is the committed intent; the call is made outside any transaction; then its result is committed. */
async function tryOnce(ports: OutboxPorts, claimed: ClaimedOutbox): Promise<OutboxStep['status'] | undefined> {
  if (ports.world.now().getTime() > claimed.leaseUntil.getTime() - trySeconds * 1000) return undefined
  const { ended, record, quiet } = await attempt(ports, claimed)
  const at = ports.world.now()
  const step = nextOutboxStep(claimed, ended, at)
  const isOurs = await ports.store.transaction(async (tx) => {
    if (!(await tx.endOutboxTry(claimed, step, at))) return false
    await record?.(tx, step)
    if (step.status === 'dead' && quiet !== true) await flagDead(tx, ports.world, claimed, step.error)
    if (step.status === 'done')
      await tx.resolveFlag(claimed.merchantId, 'outbox_dead', claimed.outboxId, 'fenpay', 'delivered', at)
    return true
  })
  return isOurs ? step.status : undefined
}

async function attempt(ports: OutboxPorts, claimed: ClaimedOutbox): Promise<Delivery> {
  if (mustNotRepeat(claimed.kind, claimed.wasInFlight)) {
    return { ended: { outcome: 'unknown', error: 'an earlier try ended without a result; it is not sent twice' } }
  }
  try {
    return await deliver[claimed.kind](ports, claimed)
  } catch (error) {
    ports.onFailure(claimed, error)
    return { ended: { outcome: 'unknown', error: error instanceof Error ? error.message : String(error) } }
  }
}

async function flagDead(tx: Writes, world: World, claimed: ClaimedOutbox, error: string): Promise<void> {
  await raiseFlag(tx, world, claimed.merchantId, {
    kind: 'outbox_dead',
    subjectType: 'outbox',
    subjectId: claimed.outboxId,
    orderNumber: claimed.orderNumber,
    evidence: { kind: claimed.kind, error: error.slice(0, 500), attempts: claimed.attempts },
  })
}
