/**
 * Checks the types of everything, each part with the globals it really has: Node for the servers, a browser for the
 * phone's pages, neither for what a mini program loads.
 */
import { spawnSync } from 'node:child_process'

const projects = [
  'tsconfig.json',
  'packages/client/tsconfig.json',
  'packages/phone/tsconfig.runtime.json',
  'packages/phone/tsconfig.page.json',
  'apps/shop/tsconfig.json',
]

const results = projects.map((project) => spawnSync('tsc', ['--noEmit', '-p', project], { stdio: 'inherit' }).status)
if (results.some((status) => status !== 0)) process.exit(1)
