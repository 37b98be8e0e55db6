import { timingSafeEqual } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { Gauge, Registry } from 'prom-client'
import type { Readings } from '../ports.ts'
import type { HttpPorts } from './ports.ts'
import { problem } from './problem.ts'

/** The numbers an operator watches; docs/reliability.md says what each should be. */
export interface Metrics {
  /** How many invariants do not hold, as of the last check. */
  setInvariantsBroken(count: number): void
  /** The text for Prometheus, with fresh readings. */
  text(readings: Readings): Promise<string>
  contentType: string
}

export function createMetrics(): Metrics {
  const registry = new Registry()
  const gauge = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Gauge({ name: `fenpay_${name}`, help, labelNames, registers: [registry] })
  const undecided = gauge('oldest_undecided_order_seconds', 'Age of the oldest order that is neither paid nor closed.')
  const unknown = gauge('unknown_operations', 'Calls to WeChat without a usable answer so far.')
  const flags = gauge('open_flags', 'What a person must look at.', ['kind'])
  const pending = gauge('outbox_pending', 'Outbox items that are to be delivered.', ['kind'])
  const dead = gauge('outbox_dead', 'Outbox items that were given up.', ['kind'])
  const overdue = gauge('outbox_oldest_due_seconds', 'How long the oldest outbox item that is due has waited.', [
    'kind',
  ])
  const refused = gauge('notifies_refused_last_hour', 'Notifications that were not believed, by reason.', ['reason'])
  const payments = gauge('payments_last_hour', 'Payments by who told us first.', ['source'])
  const seconds = gauge('payment_seconds', "From WeChat's success_time to recorded here, in the last hour.", [
    'source',
    'quantile',
  ])
  const broken = gauge('invariants_broken', 'Invariants that do not hold; 0 when all is well.')
  broken.set(0)
  return {
    setInvariantsBroken: (count) => broken.set(count),
    contentType: registry.contentType,
    text(readings) {
      for (const labelled of [flags, pending, dead, overdue, refused, payments, seconds]) labelled.reset()
      undecided.set(readings.oldestUndecidedSeconds)
      unknown.set(readings.unknownOperations)
      for (const { kind, count } of readings.openFlags) flags.set({ kind }, count)
      for (const item of readings.outbox) {
        pending.set({ kind: item.kind }, item.pending)
        dead.set({ kind: item.kind }, item.dead)
        overdue.set({ kind: item.kind }, item.oldestDueSeconds)
      }
      for (const { reason, count } of readings.refusedNotifies) refused.set({ reason }, count)
      for (const { source, count, secondsMedian, secondsMax } of readings.payments) {
        payments.set({ source }, count)
        seconds.set({ source, quantile: '0.5' }, secondsMedian)
        seconds.set({ source, quantile: '1' }, secondsMax)
      }
      return registry.metrics()
    },
  }
}

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** `GET /metrics`, for this machine alone, or for whoever has the token (A68). Others learn not even that it is there. */
export function metricsRoute(app: FastifyInstance, ports: HttpPorts): void {
  app.get('/metrics', { schema: { hide: true }, logLevel: 'warn' }, async (request, reply) => {
    // The connection's own address: what a proxy says of the caller does not open it, and a proxy is no caller.
    const isForwarded = request.headers['x-forwarded-for'] !== undefined || request.headers['forwarded'] !== undefined
    const isLocal = !isForwarded && isLoopback(request.socket.remoteAddress ?? '')
    const isAllowed =
      ports.metricsToken === undefined
        ? isLocal
        : isLocal || hasToken(request.headers.authorization, ports.metricsToken)
    if (!isAllowed) {
      return reply
        .code(404)
        .type('application/problem+json')
        .send(problem('not_found', '', request.id))
    }
    const text = await ports.metrics.text(await ports.store.readings(ports.world.now()))
    return reply.type(ports.metrics.contentType).send(text)
  })
}

function isLoopback(address: string): boolean {
  return isIP(address) !== 0 && loopback.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

function hasToken(header: string | undefined, token: string): boolean {
  const given = Buffer.from(header ?? '')
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}
