import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from './config.ts'
import type { Sql } from './storage/connect.ts'
import { keepFingerprint, keptFingerprint } from './storage/master-key-fingerprint.ts'

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

/**
 * The first key that a database is used with is its key from then on; with another one a server would seal over what the
 * others have sealed.
 * @throws ConfigError when this is another one
 */
export async function claimMasterKey(sql: Sql, masterKey: KeyObject): Promise<void> {
  refuseUnlessSame(await keepFingerprint(sql, fingerprintOf(masterKey)), masterKey)
}

/** The same for a program that only reads. @throws ConfigError */
export async function checkMasterKey(sql: Sql, masterKey: KeyObject): Promise<void> {
  const kept = await keptFingerprint(sql)
  if (kept !== undefined) refuseUnlessSame(kept, masterKey)
}

function refuseUnlessSame(kept: Uint8Array, masterKey: KeyObject) {
  if (fingerprintOf(masterKey).equals(kept)) return
  throw new ConfigError([
    'FENPAY_MASTER_KEY, or without it the file master-key in FENPAY_DATA_DIR, is another key than the one this database ' +
      'was first used with; give each server and command line of a database that one. ' +
      'How a key is changed, or replaced when it is lost, is in docs/going-live.md',
  ])
}

function fingerprintOf(masterKey: KeyObject): Buffer {
  return createHmac('sha256', masterKey).update('fenpay master key').digest()
}
