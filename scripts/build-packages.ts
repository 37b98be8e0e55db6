/**
 * Builds what is published: each package's `dist/` with JavaScript, types, its README and licence, and a package.json
 * whose exports point there. `npm publish packages/wechat/dist` publishes it. Inside the repository nothing is built.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'

const published = ['packages/wechat', 'packages/contract', 'packages/simulator']

type Exports = Record<string, string>
interface PackageJson {
  [field: string]: unknown
  exports: Exports
  bin?: Record<string, string>
}

function toBuilt(path: string): string {
  return path.replace(/^\.\/src\//, './').replace(/\.ts$/, '.js')
}

function buildPackage(folder: string): void {
  const dist = join(folder, 'dist')
  rmSync(dist, { recursive: true, force: true })
  const config = join(folder, 'tsconfig.build.json')
  const { status, stdout } = spawnSync('tsc', ['-p', config], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${folder} does not compile:\n${stdout}`)
  const source = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageJson
  const built = {
    ...source,
    files: ['**'],
    exports: Object.fromEntries(
      Object.entries(source.exports).map(([name, path]) => [
        name,
        { types: toBuilt(path).replace(/\.js$/, '.d.ts'), default: toBuilt(path) },
      ]),
    ),
    ...(source.bin === undefined
      ? {}
      : { bin: Object.fromEntries(Object.entries(source.bin).map(([name, path]) => [name, toBuilt(path)])) }),
  }
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(built, null, 2)}\n`)
  cpSync('LICENSE', join(dist, 'LICENSE'))
  cpSync(join(folder, 'README.md'), join(dist, 'README.md'))
}

let problems = 0
for (const folder of published) {
  buildPackage(folder)
  const { messages, pkg } = await publint({ pkgDir: join(folder, 'dist'), strict: true, pack: 'npm' })
  for (const message of messages) {
    problems += 1
    console.error(`${folder}: ${formatMessage(message, pkg) ?? message.code}`)
  }
}
if (problems > 0) process.exit(1)
