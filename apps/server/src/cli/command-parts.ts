import type { Command } from 'commander'
import type { CliContext } from './cli-context.ts'

/** Runs a command's work on the database; what it returns is the exit code, 0 for nothing. */
export type Run = (work: (context: CliContext) => Promise<number | undefined>) => Promise<void>

/** Adds some of the commands to the program. */
export type AddCommands = (program: Command, run: Run) => void

/** A command that reads. */
export function reading(program: Command, name: string, description: string): Command {
  return program.command(name).description(description).option('--json', 'print JSON, for machines')
}

/** A command that lists the newest of something. */
export function listing(program: Command, name: string, description: string): Command {
  return reading(program, name, description).option('--limit <n>', 'so many at most', '50')
}

/** A command in which a person decides; `--by` says who. */
export function deciding(program: Command, name: string, description: string): Command {
  return program.command(name).description(description).option('--by <name>', 'who decides; default: your user name')
}

/** The actor that events and flags name. */
export function staffOf({ host }: CliContext, by: string | undefined): string {
  return `staff:${by ?? host.user}`
}
