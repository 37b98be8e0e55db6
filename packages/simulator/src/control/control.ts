import type { Notifier } from '../delivery/notifier.ts'
import type { Verdict } from '../engine/request-log.ts'
import type { Call } from '../protocol/exchange.ts'
import type { Addresses } from '../server.ts'
import type { World } from '../world.ts'

/** What a control works with. */
export interface Control {
  readonly world: World
  readonly notifier: Notifier
  /** Where the simulator itself is reached, without a final slash. */
  readonly url: string
  readonly addresses: Addresses
  readonly call: Call
  /** Variable part of the path, decoded; empty when there is none. */
  readonly pathValue: string
}

/** What a control answers: JSON unless `contentType` says otherwise. */
export interface ControlAnswer {
  readonly status?: number
  readonly body: object | string
  readonly contentType?: string
  /** Set by the phone's calls, which are messages to WeChat and are kept with their verdict. */
  readonly verdict?: Verdict
  /** Done after the answer has left. */
  readonly afterwards?: () => void
}
