import type { World } from '../ports.ts'

/** What the command line has around it: the process, or a test. */
export interface CliHost {
  env: Record<string, string | undefined>
  world: World
  /** The name of the person, when `--by` gives none. */
  user: string
  /** Whether a person can be asked. */
  isTerminal: boolean
  isColored: boolean
  write(text: string): void
  complain(text: string): void
  confirm(question: string): Promise<boolean>
  pause(milliseconds: number): Promise<void>
  /** How long a running server may take with what was committed, until only its state is told. */
  patienceMs: number
}
