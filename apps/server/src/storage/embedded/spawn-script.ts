import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A program in a Node process of its own, for tests of what several processes do to each other. */
export type Script = {
  readonly child: ChildProcess
  readonly pid: number
  /** The next line it prints; fails when it ends without one. */
  readonly nextLine: () => Promise<string>
  /** Kills it at once, as kill -9 does, and waits until it is gone. */
  readonly kill: () => Promise<void>
}

/** Starts `source`, an ES module; it should live until its input ends, so that it never outlives the test. */
export function spawnScript(source: string, options: { readonly detached?: boolean } = {}): Script {
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    ...options,
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    pid: child.pid ?? 0,
    nextLine: async () => {
      const { value, done } = await lines.next()
      if (done === true) throw new Error('the script ended without another line')
      return value
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
