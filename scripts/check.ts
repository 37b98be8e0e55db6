/** `npm test`: every check there is, the quick ones first. Ends at the first kind that fails. */
import { spawnSync } from 'node:child_process'

const steps = [
  { name: 'format and lint', command: 'biome', args: ['check', '.'] },
  { name: 'house rules', command: 'node', args: ['scripts/house-rules.ts'] },
  { name: 'types', command: 'node', args: ['scripts/types.ts'] },
  {
    name: 'arrows',
    command: 'depcruise',
    args: ['--config', '.dependency-cruiser.cjs', 'packages', 'apps', 'tests', 'scripts'],
  },
  { name: 'dead code', command: 'knip', args: [] },
  { name: 'packages', command: 'node', args: ['scripts/build-packages.ts'] },
  { name: 'tests', command: 'node', args: ['scripts/run-tests.ts'], loud: true },
]

for (const { name, command, args, loud } of steps) {
  const startedAt = Date.now()
  if (loud) console.log(`… ${name}`)
  const { status, stdout, stderr } = spawnSync(command, args, { stdio: loud ? 'inherit' : 'pipe', encoding: 'utf8' })
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1)
  if (status !== 0) {
    console.error(`${stdout ?? ''}${stderr ?? ''}\n✖ ${name} (${seconds} s)`)
    process.exit(1)
  }
  console.log(`✔ ${name} (${seconds} s)`)
}
