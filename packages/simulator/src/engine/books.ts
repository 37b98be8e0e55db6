import type {
  PhoneMessage,
  Push,
  PushTarget,
  ShippingOrder,
  SubscribeTemplate,
  Subscription,
  TradeManagement,
} from './after-payment-records.ts'
import type {
  AccessToken,
  Account,
  App,
  Code,
  Fact,
  Merchant,
  MerchantPlatform,
  Notification,
  Order,
  Person,
  Prepay,
  Refund,
} from './records.ts'

/** One record written: table, record. A transaction is a list of these. */
export type Change = readonly [table: string, record: object]

/** Records of one kind by key. Records are never changed in place: `put` replaces them. */
export class Table<T extends object> {
  readonly #rows = new Map<string, T>()
  readonly #secondary = new Map<string, T>()
  readonly #due = new Map<string, T>()
  readonly #keyOf: (row: T) => string
  readonly #secondaryKeyOf: (row: T) => string | undefined
  readonly #written: (undo: () => void, row: T) => void

  constructor(
    written: (undo: () => void, row: T) => void,
    keyOf: (row: T) => string,
    secondaryKeyOf: (row: T) => string | undefined = () => undefined,
  ) {
    this.#written = written
    this.#keyOf = keyOf
    this.#secondaryKeyOf = secondaryKeyOf
  }

  get size(): number {
    return this.#rows.size
  }

  get(...key: string[]): T | undefined {
    return this.#rows.get(key.join('/'))
  }

  /** Looks up by the table's second key. */
  find(key: string): T | undefined {
    return this.#secondary.get(key)
  }

  values(): IterableIterator<T> {
    return this.#rows.values()
  }

  /** The rows that wait for a moment: those with a `dueAtMs`. */
  due(): IterableIterator<T> {
    return this.#due.values()
  }

  put(row: T): void {
    const key = this.#keyOf(row)
    const before = this.#rows.get(key)
    this.#written(() => {
      this.#rows.delete(key)
      this.#due.delete(key)
      this.#secondary.delete(this.#secondaryKeyOf(row) ?? '')
      if (before) this.#set(before)
    }, row)
    this.#set(row)
  }

  #set(row: T): void {
    const key = this.#keyOf(row)
    this.#rows.set(key, row)
    if ('dueAtMs' in row && row.dueAtMs !== undefined) this.#due.set(key, row)
    else this.#due.delete(key)
    const second = this.#secondaryKeyOf(row)
    if (second !== undefined) this.#secondary.set(second, row)
  }
}

/**
 * Everything the simulated WeChat knows. Reads are free; writes happen in `transact`, which hands all changes of the
 * transaction to `commit` at once and takes them back if `work` or `commit` throws.
 */
export class Books {
  readonly #commit: (changes: readonly Change[]) => void
  #open: { changes: Change[]; undo: (() => void)[] } | undefined

  readonly facts = this.#table<Fact>('facts', (row) => row.name)
  readonly merchants = this.#table<Merchant>('merchants', (row) => row.mchid)
  readonly apps = this.#table<App>('apps', (row) => row.appid)
  readonly people = this.#table<Person>('people', (row) => row.user)
  readonly accounts = this.#table<Account>(
    'accounts',
    (row) => `${row.appid}/${row.user}`,
    (row) => row.openid,
  )
  readonly codes = this.#table<Code>('codes', (row) => row.code)
  readonly tokens = this.#table<AccessToken>('tokens', (row) => row.token)
  readonly orders = this.#table<Order>(
    'orders',
    (row) => `${row.mchid}/${row.outTradeNo}`,
    (row) => row.payment?.transactionId,
  )
  readonly prepays = this.#table<Prepay>('prepays', (row) => row.prepayId)
  readonly notifications = this.#table<Notification>('notifications', (row) => row.id)
  readonly refunds = this.#table<Refund>(
    'refunds',
    (row) => `${row.mchid}/${row.outRefundNo}`,
    (row) => row.refundId,
  )
  readonly platforms = this.#table<MerchantPlatform>('platforms', (row) => row.mchid)
  readonly shippingOrders = this.#table<ShippingOrder>(
    'shippingOrders',
    (row) => `${row.mchid}/${row.outTradeNo}`,
    (row) => row.transactionId,
  )
  readonly tradeManagement = this.#table<TradeManagement>('tradeManagement', (row) => row.appid)
  readonly pushTargets = this.#table<PushTarget>('pushTargets', (row) => row.appid)
  readonly pushes = this.#table<Push>('pushes', (row) => `${row.appid}/${row.fromUser}/${row.event}/${row.createTime}`)
  readonly subscribeTemplates = this.#table<SubscribeTemplate>('subscribeTemplates', (row) => row.templateId)
  readonly subscriptions = this.#table<Subscription>('subscriptions', (row) => `${row.openid}/${row.templateId}`)
  readonly messages = this.#table<PhoneMessage>('messages', (row) => row.id)

  constructor(commit: (changes: readonly Change[]) => void = () => {}) {
    this.#commit = commit
  }

  transact<T>(work: () => T): T {
    if (this.#open) throw new TypeError('transactions do not nest')
    const open = { changes: [] as Change[], undo: [] as (() => void)[] }
    this.#open = open
    try {
      const result = work()
      if (open.changes.length > 0) this.#commit(open.changes)
      return result
    } catch (error) {
      for (const undo of open.undo.reverse()) undo()
      throw error
    } finally {
      this.#open = undefined
    }
  }

  /** Every record that still matters at `nowMs`, as changes: what a snapshot holds. */
  *snapshot(nowMs: number): Generator<Change> {
    for (const name of tableNames) {
      for (const row of this[name].values()) {
        const shortLived = name === 'codes' || name === 'tokens'
        if (!shortLived || !('expiresAtMs' in row) || row.expiresAtMs > nowMs - keptAfterExpiryMs) yield [name, row]
      }
    }
  }

  /** Puts changes read from a journal back, without committing them again. */
  restore(changes: readonly Change[]): void {
    this.#open = { changes: [], undo: [] }
    for (const [name, row] of changes) {
      const table = tableNames.find((known) => known === name)
      if (!table) throw new Error(`unknown table ${name}`)
      // The journal is written by this class alone, so a row has the shape of its table.
      const target = this[table] as Table<object>
      target.put(row)
    }
    this.#open = undefined
  }

  #table<T extends object>(
    name: string,
    keyOf: (row: T) => string,
    secondaryKeyOf?: (row: T) => string | undefined,
  ): Table<T> {
    const written = (undo: () => void, row: T): void => {
      if (!this.#open) throw new TypeError('books are written inside transact()')
      this.#open.undo.push(undo)
      this.#open.changes.push([name, row])
    }
    return new Table(written, keyOf, secondaryKeyOf)
  }
}

// A used or expired code is told from an unknown one for a while.
const keptAfterExpiryMs = 3_600_000

const tableNames = [
  'facts',
  'merchants',
  'apps',
  'people',
  'accounts',
  'codes',
  'tokens',
  'orders',
  'prepays',
  'notifications',
  'refunds',
  'platforms',
  'shippingOrders',
  'tradeManagement',
  'pushTargets',
  'pushes',
  'subscribeTemplates',
  'subscriptions',
  'messages',
] as const
