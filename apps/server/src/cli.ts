#!/usr/bin/env node
/** The command line's process: the environment and .env of the server, a terminal or none, an exit code. */
import { existsSync } from 'node:fs'
import { userInfo } from 'node:os'
import { createInterface } from 'node:readline/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { runCli } from './cli/run-cli.ts'
import { realWorld } from './world.ts'

if (existsSync('.env')) process.loadEnvFile('.env')
const { env, stdin, stdout, stderr } = process

// Whoever reads only the beginning, as `head` does, has had enough.
stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

process.exitCode = await runCli(process.argv.slice(2), {
  env,
  world: realWorld,
  user: userInfo().username,
  isTerminal: stdin.isTTY === true && stdout.isTTY === true,
  isColored: stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb',
  write: (text) => void stdout.write(text),
  complain: (text) => void stderr.write(text),
  async confirm(question) {
    const lines = createInterface({ input: stdin, output: stdout })
    const answer = await lines.question(`${question} [y/N] `)
    lines.close()
    return /^y(es)?$/i.test(answer.trim())
  },
  pause: (milliseconds) => delay(milliseconds),
  patienceMs: 8_000,
})
