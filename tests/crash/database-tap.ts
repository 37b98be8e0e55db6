import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'

/** A write of the server, named by what it writes, and the side of it on which the server is held. */
export interface WritePoint {
  /** `insert orders, insert order_events`: what one transaction writes, or a statement outside any. */
  write: string
  /** before: the database has not been asked to commit. after: it has committed, and the server does not know. */
  side: 'before' | 'after'
}

/**
 * Stands between the server and its database, reads along, and holds one connection at a chosen point: so a process can
 * be killed exactly there, with no hook in its own code. Speaks as much of PostgreSQL's protocol 3 as it has to.
 */
export class DatabaseTap {
  /** The writes that were seen, in their order. */
  readonly writes: string[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #armed: { point: WritePoint; reached: () => void } | undefined

  private constructor(server: Server) {
    this.#server = server
  }

  /** @param databaseUrl where the database is; the tap's own address leads there too. */
  static async start(databaseUrl: string): Promise<{ tap: DatabaseTap; url: string }> {
    const target = new URL(databaseUrl)
    const server = createServer()
    const tap = new DatabaseTap(server)
    server.on('connection', (client) => tap.#carry(client, dial(Number(target.port), target.hostname)))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const url = new URL(databaseUrl)
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    return { tap, url: url.href }
  }

  /** Resolves when the server has come to the point; it stays there until it is killed. */
  hold(point: WritePoint): Promise<void> {
    return new Promise((reached) => {
      this.#armed = { point, reached }
    })
  }

  /** Cuts every connection, as a network does; new ones are carried. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  release(): void {
    this.#armed = undefined
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((done) => this.#server.close(done))
  }

  #carry(client: Socket, database: Socket): void {
    const statements = new StatementReader()
    let state: 'flowing' | 'holding' | 'swallowing' = 'flowing'
    let reached = () => {}
    client.on('data', (data: Buffer) => {
      for (const { bytes, write } of statements.read(data)) {
        if (write !== undefined) this.writes.push(write)
        if (state === 'flowing' && write !== undefined && this.#armed?.point.write === write) {
          state = this.#armed.point.side === 'before' ? 'holding' : 'swallowing'
          reached = this.#armed.reached
          this.#armed = undefined
          if (state === 'holding') reached()
        }
        if (state !== 'holding') database.write(bytes)
      }
    })
    database.on('data', (data: Buffer) => {
      if (state !== 'swallowing') client.write(data)
      else if (data.subarray(-idle.length).equals(idle)) reached()
    })
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const) {
      this.#sockets.add(socket)
      // A message is passed on in pieces, which must not wait for each other's acknowledgement.
      socket.setNoDelay(true)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
  }
}

/** ReadyForQuery, outside a transaction. */
const idle = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

/** Cuts what a client sends into messages, and tells which of them makes a write last. */
class StatementReader {
  #pending = Buffer.alloc(0)
  #started = false
  #inTransaction = false
  readonly #texts = new Map<string, string>()
  readonly #writes = new Set<string>()

  read(data: Buffer): { bytes: Buffer; write: string | undefined }[] {
    const messages: { bytes: Buffer; write: string | undefined }[] = []
    this.#pending = Buffer.concat([this.#pending, data])
    for (;;) {
      // Only the very first message has no type before its length.
      const lengthAt = this.#started ? 1 : 0
      if (this.#pending.length < lengthAt + 4) return messages
      const end = lengthAt + this.#pending.readInt32BE(lengthAt)
      if (this.#pending.length < end) return messages
      const bytes = this.#pending.subarray(0, end)
      this.#pending = this.#pending.subarray(end)
      const text = this.#started ? this.#executedText(bytes) : undefined
      this.#started = true
      messages.push({ bytes, write: text === undefined ? undefined : this.#writeOf(text) })
    }
  }

  /** The text that a message executes: a simple query, or the binding of a statement that was parsed before. */
  #executedText(bytes: Buffer): string | undefined {
    const type = String.fromCharCode(bytes[0] ?? 0)
    const [first = '', second = ''] = bytes.subarray(5).toString('latin1').split('\0', 2)
    if (type === 'P') this.#texts.set(first, second)
    if (type === 'B') return this.#texts.get(second)
    return type === 'Q' ? first : undefined
  }

  #writeOf(text: string): string | undefined {
    const word = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase()
    if (word === 'begin' || word === 'rollback') {
      this.#inTransaction = word === 'begin'
      this.#writes.clear()
      return undefined
    }
    if (word === 'commit') {
      const writes = [...this.#writes].join(', ')
      this.#inTransaction = false
      this.#writes.clear()
      return writes === '' ? undefined : writes
    }
    const [, verb = '', table] =
      /\b(insert into|delete from) (\w+)/.exec(text) ?? /\b(update) (\w+)(?: \w+)?\s+set\b/.exec(text) ?? []
    if (table === undefined) return undefined
    const name = `${verb.split(' ')[0]} ${table}`
    if (!this.#inTransaction) return name
    this.#writes.add(name)
    return undefined
  }
}
