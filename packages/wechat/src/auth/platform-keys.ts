import { WechatSignatureError } from '../errors.ts'
import type { PlatformKey } from './platform-key.ts'
import { normalSerial } from './serial.ts'

const staleMs = 12 * 3600_000
const refreshGapMs = 60_000
const emptyRefreshGapMs = 5_000
const unknownSerialMs = 600_000
const unknownSerialsMax = 1000

/**
 * WeChat's keys of one merchant by serial number, several valid at once, so that a certificate rotation or the switch
 * to the public key loses no message. Certificates are downloaded when an unknown serial shows up and every 12 hours.
 */
export class PlatformKeys {
  readonly #configured: ReadonlyMap<string, PlatformKey>
  readonly #download: (() => Promise<readonly PlatformKey[]>) | undefined
  readonly #clock: () => number
  /** Serial numbers that a download did not bring, until when not to ask again for them. */
  readonly #unknown = new Map<string, number>()
  #downloaded: ReadonlyMap<string, PlatformKey> = new Map()
  #refreshing: Promise<void> | undefined
  #mayRefreshAt = 0
  #staleAt = 0

  constructor(
    configured: readonly PlatformKey[],
    download: (() => Promise<readonly PlatformKey[]>) | undefined,
    clock: () => number,
    /** What an earlier download brought: serves until the next one replaces it. */
    kept: readonly PlatformKey[] = [],
  ) {
    this.#configured = bySerial(configured)
    this.#downloaded = bySerial(kept)
    this.#download = download
    this.#clock = clock
  }

  /** All keys known now. */
  all(): PlatformKey[] {
    return [...this.#configured.values(), ...this.#downloaded.values()]
  }

  /** The key of this serial if it is known and valid, without asking WeChat. */
  peek(serial: string): PlatformKey | undefined {
    const key = this.#lookup(serial)
    return key?.isValidAt(this.#clock()) === true ? key : undefined
  }

  /**
   * The key to verify with. Waits for a download at most `waitMs`, and only for a serial not known: a stale list is
   * renewed behind the caller's back.
   * @throws WechatSignatureError `unknown_serial` or `key_not_valid_now`
   */
  async find(serial: string, waitMs: number): Promise<PlatformKey> {
    this.#refreshIfStale()
    const known = this.#lookup(serial)
    if (known === undefined && this.#mayHelp(serial)) await this.#refreshFor(serial, waitMs)
    const key = known ?? this.#lookup(serial)
    if (key === undefined) throw unknownSerial()
    if (key.isValidAt(this.#clock())) return key
    throw new WechatSignatureError('key_not_valid_now', 'The platform certificate has expired or is not yet valid')
  }

  /**
   * The key to encrypt with: the configured public key (the first), else the newest certificate that is valid. Waits for
   * a download at most `waitMs`, and only if there is none.
   * @throws WechatSignatureError `unknown_serial` when no key can be had
   */
  async forEncryption(waitMs: number): Promise<PlatformKey> {
    this.#refreshIfStale()
    const known = this.#newest()
    if (known !== undefined) return known
    if (this.#download !== undefined) {
      try {
        await within(this.refresh(), waitMs)
      } catch (cause) {
        throw unknownSerial(cause)
      }
    }
    const key = this.#newest()
    if (key === undefined) throw unknownSerial()
    return key
  }

  /** Downloads the certificates now, or joins a download under way. Replaces the earlier downloaded ones. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refreshOnce().finally(() => {
      this.#refreshing = undefined
    })
    return this.#refreshing
  }

  async #refreshOnce(): Promise<void> {
    if (this.#download === undefined) throw new TypeError('platformKeys.download is off')
    this.#mayRefreshAt = this.#clock() + (this.all().length === 0 ? emptyRefreshGapMs : refreshGapMs)
    this.#downloaded = bySerial(await this.#download())
    const now = this.#clock()
    this.#mayRefreshAt = now + refreshGapMs
    this.#staleAt = now + staleMs
  }

  /** A public key cannot be downloaded, so its unknown id costs no request. */
  #mayHelp(serial: string): boolean {
    if (this.#download === undefined || serial.startsWith('PUB_KEY_ID_')) return false
    if (this.#refreshing !== undefined) return true
    const now = this.#clock()
    return now >= this.#mayRefreshAt && now >= (this.#unknown.get(serial) ?? 0)
  }

  async #refreshFor(serial: string, waitMs: number): Promise<void> {
    try {
      await within(this.refresh(), waitMs)
    } catch (cause) {
      throw unknownSerial(cause)
    }
    if (this.#lookup(serial) !== undefined) return
    if (this.#unknown.size >= unknownSerialsMax) this.#unknown.clear()
    this.#unknown.set(serial, this.#clock() + unknownSerialMs)
  }

  #refreshIfStale(): void {
    if (this.#download === undefined || this.#downloaded.size === 0) return
    const now = this.#clock()
    if (now < this.#staleAt || now < this.#mayRefreshAt) return
    // A failure leaves the old certificates in use; the next caller after the gap tries again.
    this.refresh().catch(() => undefined)
  }

  #newest(): PlatformKey | undefined {
    const valid = this.all().filter((key) => key.isValidAt(this.#clock()))
    const [newest] = valid.toSorted((left, right) => right.effectiveAt - left.effectiveAt)
    return valid.find(({ kind }) => kind === 'public_key') ?? newest
  }

  #lookup(serial: string): PlatformKey | undefined {
    const name = normalSerial(serial)
    return this.#configured.get(name) ?? this.#downloaded.get(name)
  }
}

function bySerial(keys: readonly PlatformKey[]): Map<string, PlatformKey> {
  return new Map(keys.map((key) => [key.serial, key]))
}

function unknownSerial(cause?: unknown): WechatSignatureError {
  const message = 'Wechatpay-Serial names no known key: configure the public key, or see why the download failed'
  return new WechatSignatureError('unknown_serial', message, { cause })
}

async function within(work: Promise<void>, waitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('The certificate download takes too long')), waitMs)
  })
  try {
    await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
  }
}
