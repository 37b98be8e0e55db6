import type { FaultMatch } from '../engine/fault-plan.ts'
import type { Order } from '../engine/records.ts'
import type { World } from '../world.ts'

/** trade_state as a query tells it: what it is, unless query.lag or query.userpaying is to be played. */
export function seenState(world: World, state: Order['state'], subject: FaultMatch): Order['state'] | 'USERPAYING' {
  if (state === 'SUCCESS' && world.faults.take(subject, 'query.lag')) return 'NOTPAY'
  return state === 'NOTPAY' && world.faults.take(subject, 'query.userpaying') ? 'USERPAYING' : state
}
