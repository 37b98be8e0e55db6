/** `npm run bench`: what the promises about time cost on this machine, on a stack of its own that is gone afterwards. */
import { constants } from 'node:os'
import { parseArgs } from 'node:util'
import { type BenchStack, startBenchStack } from './bench/bench-stack.ts'
import { warmUp } from './bench/open-orders.ts'
import { playBacklog } from './bench/play-backlog.ts'
import { playNotifications } from './bench/play-notifications.ts'
import { playReturns } from './bench/play-returns.ts'
import type { Row } from './bench/row.ts'
import { tableLines } from './bench/table.ts'

const usage = `npm run bench -- [options]

  --only <promise>  p2, p3 or p7; may be given more than once
  --orders <n>      orders of each promise, 1 to 10000 (default: p2 150, p3 1000, p7 150)
  --help`

interface Promised {
  orders: number
  play(stack: BenchStack, orders: number): Promise<Row[]>
}

const promises: Record<string, Promised> = {
  p7: { orders: 150, play: playNotifications },
  p2: { orders: 150, play: playReturns },
  p3: { orders: 1000, play: playBacklog },
}

class UsageError extends Error {}

function readOptions(): { only: string[]; orders: number | undefined } {
  const { values } = parsedArguments()
  if (values.help) {
    console.log(usage)
    process.exit(0)
  }
  const only = values.only ?? Object.keys(promises)
  const unknown = only.find((id) => promises[id] === undefined)
  if (unknown !== undefined) throw new UsageError(`--only is ${unknown}; it takes p2, p3 or p7`)
  if (values.orders === undefined) return { only, orders: undefined }
  const orders = Number(values.orders)
  if (!/^\d+$/.test(values.orders) || orders < 1 || orders > 10_000)
    throw new UsageError(`--orders is ${values.orders}; it takes a whole number from 1 to 10000`)
  return { only, orders }
}

function parsedArguments() {
  try {
    return parseArgs({
      options: {
        only: { type: 'string', multiple: true },
        orders: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

/** The world of the bench is its own, whatever the shell is set up for. */
function forgetSettings(): void {
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('FENPAY_') || name === 'DATABASE_URL' || name === 'NODE_ENV') delete process.env[name]
  }
}

async function play({ only, orders }: ReturnType<typeof readOptions>): Promise<Row[]> {
  console.log('Starting PostgreSQL, a simulated WeChat and the server, for this bench alone …')
  const stack = await startBenchStack()
  stopStack = stack.stop
  try {
    await warmUp(stack)
    const rows: Row[] = []
    for (const [id, promised] of Object.entries(promises)) {
      if (!only.includes(id)) continue
      console.log(`Playing ${id} …`)
      rows.push(...(await promised.play(stack, orders ?? promised.orders)))
    }
    return rows
  } finally {
    await stack.stop()
  }
}

let stopStack = async (): Promise<void> => {}
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, async () => {
    console.error('Stopping …')
    await stopStack()
    process.exit(128 + constants.signals[signal])
  })
}

try {
  const options = readOptions()
  forgetSettings()
  const rows = await play(options)
  console.log(tableLines(rows).join('\n'))
} catch (error) {
  if (error instanceof UsageError) {
    console.error(`${error.message}\n\n${usage}`)
    process.exit(2)
  }
  console.error(`The bench failed: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
