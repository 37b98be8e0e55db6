/** What went wrong with the embedded PostgreSQL; every message says what to do. */
export type EmbeddedPostgresErrorCode =
  | 'PLATFORM_UNSUPPORTED'
  | 'BINARIES_UNUSABLE'
  | 'SYSTEM_USER_MISSING'
  | 'CLUSTER_MISSING'
  | 'PASSWORD_MISSING'
  | 'INITDB_FAILED'
  | 'START_FAILED'

/** The embedded PostgreSQL cannot be started. */
export class EmbeddedPostgresError extends Error {
  override readonly name = 'EmbeddedPostgresError'
  readonly code: EmbeddedPostgresErrorCode

  constructor(code: EmbeddedPostgresErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Another live process owns the data directory; `pid` is that process. */
export class DataDirectoryInUse extends Error {
  override readonly name = 'DataDirectoryInUse'
  readonly code = 'DATA_DIRECTORY_IN_USE'
  readonly pid: number

  constructor(dataDir: string, pid: number) {
    super(
      `the data directory ${dataDir} is in use by process ${pid}: ` +
        'stop that process first, or give this one another FENPAY_DATA_DIR',
    )
    this.pid = pid
  }
}
