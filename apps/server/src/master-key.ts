import { createSecretKey, type KeyObject } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The key that seals secrets at rest: the configured one, or one generated once in the data directory, readable by its
 * owner alone. Production configures it, see `readConfig`.
 */
export function masterKeyOf(
  configured: Buffer | undefined,
  dataDir: string,
  randomBytes: (size: number) => Uint8Array,
): KeyObject {
  return createSecretKey(configured ?? generatedKey(dataDir, randomBytes))
}

function generatedKey(dataDir: string, randomBytes: (size: number) => Uint8Array): Buffer {
  const path = join(dataDir, 'master-key')
  mkdirSync(dataDir, { recursive: true })
  const draft = `${path}.${Buffer.from(randomBytes(6)).toString('hex')}`
  writeFileSync(draft, Buffer.from(randomBytes(32)).toString('base64'), { mode: 0o600 })
  try {
    // A link is made whole or not at all, and never over a key that is there already.
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft)
  }
  return Buffer.from(readFileSync(path, 'utf8'), 'base64')
}
