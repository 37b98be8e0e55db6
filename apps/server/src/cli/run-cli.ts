import { Command, CommanderError } from 'commander'
import { withContext } from './cli-context.ts'
import type { CliHost } from './cli-host.ts'
import type { Run } from './command-parts.ts'
import { explain } from './explain.ts'
import { addFlagCommands } from './flag-commands.ts'
import { addLedgerCommand } from './ledger-command.ts'
import { addOrderCommands } from './order-commands.ts'
import { addOutboxCommands } from './outbox-commands.ts'
import { addRefundCommands } from './refund-commands.ts'
import { addRequestCommands } from './request-commands.ts'
import { addShippingCommands } from './shipping-commands.ts'

/** What the parser finds wrong has a code as every other error has. */
function outputError(text: string, write: (text: string) => void): void {
  write(text.replace(/^error: /, 'wrong_use: '))
}

/**
 * Runs one command.
 * @returns the exit code: 0 well, 1 something was found or refused, 2 wrong use
 */
export async function runCli(args: readonly string[], host: CliHost): Promise<number> {
  let exitCode = 0
  const run: Run = async (work) => {
    exitCode = (await withContext(host, work)) ?? 0
  }
  try {
    await createProgram(host, run).parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    const told = explain(error)
    host.complain(told?.text ?? `${(error as Error).stack ?? String(error)}\n`)
    return told?.exitCode ?? 1
  }
}

function createProgram(host: CliHost, run: Run): Command {
  const program = new Command('fenpay')
    .description('Orders, money and what a person must decide, for the staff of a shop.')
    .exitOverride()
    .configureOutput({ writeOut: host.write, writeErr: host.complain, getOutHelpWidth: () => 100, outputError })
    .showHelpAfterError('(see: fenpay <command> --help)')
    .addHelpText(
      'after',
      "\nExit codes: 0 well, 1 something was found or refused, 2 wrong use. The environment is the server's, and .env is read.\nIt never calls WeChat: what it records, a running server does. Times are Beijing's.",
    )
  addOrderCommands(program, run)
  addFlagCommands(program, run)
  addRefundCommands(program, run)
  addRequestCommands(program, run)
  addShippingCommands(program, run)
  addOutboxCommands(program, run)
  addLedgerCommand(program, run)
  return program
}
