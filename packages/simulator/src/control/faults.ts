import { type FaultMatch, FaultOrderError, type PlannedFault } from '../engine/fault-plan.ts'
import { faultTable } from '../engine/fault-table.ts'
import type { Control, ControlAnswer } from './control.ts'
import {
  ControlInputError,
  objectAt,
  optionalChoice,
  optionalInteger,
  optionalText,
  readInput,
  requiredText,
} from './input.ts'

const secondsMax = 366 * 86_400

/** POST /_sim/faults `{name, times? | seconds?, match?: {path?, out_trade_no?, out_refund_no?, mchid?, about?, host?}, options?}`. */
export function addFault({ world, call }: Control): ControlAnswer {
  const input = readInput(call.text)
  const times = optionalInteger(input, 'times', 1, 1_000_000)
  const seconds = optionalInteger(input, 'seconds', 1, secondsMax)
  if (times !== undefined && seconds !== undefined) throw new ControlInputError('give times or seconds, not both')
  const options = objectAt(input['options'] ?? {}, 'options')
  const name = requiredText(input, 'name')
  const needsOther = name === 'notify.wrong-merchant' && options['signed_by'] !== 'own'
  if (needsOther && world.books.merchants.size < 2) {
    throw new ControlInputError('notify.wrong-merchant needs a second merchant: POST /_sim/merchants first')
  }
  try {
    const fault = world.faults.add({
      name,
      match: readMatch(objectAt(input['match'] ?? {}, 'match')),
      options,
      ...(times === undefined ? {} : { times }),
      ...(seconds === undefined ? {} : { seconds }),
    })
    return { status: 201, body: describe(fault) }
  } catch (error) {
    if (error instanceof FaultOrderError) throw new ControlInputError(error.message)
    throw error
  }
}

/** GET /_sim/faults: what waits for its occasion, and what there is. */
export const listFaults = ({ world }: Control): ControlAnswer => ({
  body: { faults: world.faults.list().map(describe), known: faultTable },
})

/** DELETE /_sim/faults, or only `?name=`. */
export function clearFaults({ world, call }: Control): ControlAnswer {
  world.faults.clear(call.query.get('name') ?? undefined)
  return { body: { faults: world.faults.list().map(describe) } }
}

const matchNames = ['path', 'out_trade_no', 'out_refund_no', 'mchid', 'about', 'host']

function readMatch(input: Readonly<Record<string, unknown>>): FaultMatch {
  const unknown = Object.keys(input).find((name) => !matchNames.includes(name))
  if (unknown !== undefined) throw new ControlInputError(`match knows ${matchNames.join(', ')}, not ${unknown}`)
  const path = optionalText(input, 'path')
  const outTradeNo = optionalText(input, 'out_trade_no')
  const outRefundNo = optionalText(input, 'out_refund_no')
  const mchid = optionalText(input, 'mchid')
  const about = optionalChoice(input, 'about', ['payment', 'refund'])
  const host = optionalChoice(input, 'host', ['first', 'second', 'secure'])
  return {
    ...(path === undefined ? {} : { path }),
    ...(outTradeNo === undefined ? {} : { outTradeNo }),
    ...(outRefundNo === undefined ? {} : { outRefundNo }),
    ...(mchid === undefined ? {} : { mchid }),
    ...(about === undefined ? {} : { about }),
    ...(host === undefined ? {} : { host }),
  }
}

const describe = ({ id, name, match, options, timesLeft, untilMs }: PlannedFault): object => ({
  id,
  name,
  match: {
    path: match.path,
    out_trade_no: match.outTradeNo,
    out_refund_no: match.outRefundNo,
    mchid: match.mchid,
    about: match.about,
    host: match.host,
  },
  options,
  times_left: timesLeft,
  until_ms: untilMs,
})
