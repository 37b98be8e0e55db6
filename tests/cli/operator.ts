import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { runCli } from '../../apps/server/src/cli/run-cli.ts'
import { endsWell } from '../support/ends-well.ts'
import type { TimedShop } from '../support/timed-shop.ts'

export interface Ended {
  code: number
  out: string
  err: string
}

/** The sum at the end of an order's screen, in fen. */
export interface Sum {
  paid: number
  back: number
  held: number
  suspense: number
  left: number
}

/** Somebody at the shop's command line. */
export interface Operator {
  fenpay(...args: string[]): Promise<Ended>
  /** The order's screen, of which every fen is explained. */
  order(number: string): Promise<{ screen: string; sum: Sum }>
  /** Fails unless `fenpay check` finds nothing and the books equal WeChat's. */
  checks(): Promise<void>
}

export interface OperatorOptions {
  env?: Record<string, string>
  /** What is said when asked; without it nobody can be asked. */
  answer?: boolean
  /** How long a running server is waited for; 0, not at all, unless one sweeps by itself. */
  patienceMs?: number
}

export function hireOperator(shop: TimedShop, { env, answer, patienceMs = 0 }: OperatorOptions = {}): Operator {
  const fenpay = async (...args: string[]): Promise<Ended> => {
    let out = ''
    let err = ''
    const code = await runCli(args, {
      env: { DATABASE_URL: shop.databaseUrl, ...env },
      world: shop.world,
      user: 'eve',
      isTerminal: answer !== undefined,
      isColored: false,
      write: (text) => {
        out += text
      },
      complain: (text) => {
        err += text
      },
      confirm: async () => answer === true,
      pause: (milliseconds) => delay(milliseconds),
      patienceMs,
    })
    return { code, out, err }
  }
  const order = async (number: string) => {
    const { code, out, err } = await fenpay('order', number)
    assert.equal(code, 0, err + out)
    for (const line of out.split('\n')) assert.ok(line.length <= 100, line)
    return { screen: out, sum: readSum(out) }
  }
  const checks = async () => {
    const { code, out } = await fenpay('check')
    assert.equal(code, 0, out)
    assert.match(out, /^\d+ invariants checked: all hold\.$/m)
    await endsWell(shop)
  }
  return { fenpay, order, checks }
}

function readSum(screen: string): Sum {
  const fen = (name: string): number => {
    const [, yuan] = new RegExp(`^ {2}${name} +¥([0-9]+\\.[0-9]{2})`, 'm').exec(screen) ?? []
    assert.ok(yuan !== undefined, `no line tells what is ${name}:\n${screen}`)
    return Number(yuan.replace('.', ''))
  }
  const sum: Sum = {
    paid: fen('paid'),
    back: fen('given back'),
    held: fen('held'),
    suspense: fen('in suspense'),
    left: fen('left'),
  }
  assert.equal(sum.paid, sum.left + sum.back + sum.held + sum.suspense)
  assert.match(screen, /^ {2}It holds, and the ledger says the same\.$/m)
  return sum
}

/** Fails unless the screen tells these things, in this order. */
export function tells(screen: string, ...things: readonly (string | RegExp)[]): void {
  const text = screen.replace(/\n {23}/g, ' ')
  let from = 0
  for (const thing of things) {
    const rest = text.slice(from)
    const found = typeof thing === 'string' ? rest.indexOf(thing) : rest.search(thing)
    assert.ok(found >= 0, `${thing} is not told, or not there:\n${screen}`)
    from += found + 1
  }
}
