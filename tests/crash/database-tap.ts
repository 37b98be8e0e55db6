import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { joinSockets } from './join-sockets.ts'

/** A write of a program, named by what it writes, and the side of it on which the program is held. */
export interface WritePoint {
  /**
   * `insert orders, insert order_events`: what one transaction writes. A statement outside any says its columns too:
   * `update refunds (next_check_at, check_count)`. In front stands who it is, where that is not the server itself:
   * `notify: …`, `command: …`.
   */
  write: string
  /** before: the database has not been asked to commit. after: it has committed, and the server does not know. */
  side: 'before' | 'after'
}

/**
 * Stands between the server and its database, reads along, and holds one connection at a chosen point: so a process can
 * be killed exactly there, with no hook in its own code. Speaks as much of PostgreSQL's protocol 3 as it has to.
 */
export class DatabaseTap {
  /** The writes that changed something, in their order. */
  readonly writes: string[] = []
  /** Writes that were seen to change nothing, as a sweep's that finds nothing due. */
  readonly idle = new Set<string>()
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #armed: Trap | undefined
  #held: (() => void) | undefined

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

  /** Resolves when a program has come to the point; it stays there until it is killed, or released. */
  hold(point: WritePoint): Promise<void> {
    return new Promise((reached) => {
      this.#armed = { point, reached }
    })
  }

  /** Lets go on what is held, as if nothing had been. */
  release(): void {
    this.#armed = undefined
    this.#held?.()
    this.#held = undefined
  }

  /** Cuts every connection, as a network does; new ones are carried. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((done) => this.#server.close(done))
  }

  #carry(client: Socket, database: Socket): void {
    const up = new Gate(database)
    const down = new Gate(client)
    const statements = new StatementReader()
    const answers = new AnswerReader()
    /** What was asked and is not answered yet: each request ends in one ReadyForQuery. */
    const asked: Request[] = []
    let request: Request = {}
    client.on('data', (data: Buffer) => {
      for (const { bytes, write, endsRequest } of statements.read(data)) {
        if (write !== undefined) {
          request = this.#armed?.point.write === write ? { write, trap: this.#armed } : { write }
          if (request.trap?.point.side === 'before') this.#spring(request.trap, up)
          // Whether it changes anything, only the answer tells; until then nothing of it goes back.
          else if (request.trap !== undefined) down.shut()
        }
        up.pass(bytes)
        if (!endsRequest) continue
        asked.push(request)
        request = {}
      }
    })
    database.on('data', (data: Buffer) => {
      down.pass(data)
      for (const changed of answers.read(data)) this.#answered(asked.shift() ?? {}, changed, down)
    })
    joinSockets(client, database, this.#sockets)
  }

  #answered({ write, trap }: Request, changed: boolean, down: Gate): void {
    if (write !== undefined && changed) this.writes.push(write)
    if (write !== undefined && !changed) this.idle.add(write)
    if (trap?.point.side !== 'after') return
    if (changed && this.#armed === trap) this.#spring(trap, down)
    else down.open()
  }

  #spring(trap: Trap, gate: Gate): void {
    this.#armed = undefined
    gate.shut()
    this.#held = () => gate.open()
    trap.reached()
  }
}

interface Trap {
  point: WritePoint
  reached: () => void
}

interface Request {
  write?: string
  trap?: Trap
}

/** Passes bytes on, or keeps them while it is shut. */
class Gate {
  readonly #to: Socket
  #kept: Buffer[] | undefined

  constructor(to: Socket) {
    this.#to = to
  }

  pass(bytes: Buffer): void {
    if (this.#kept === undefined) this.#to.write(bytes)
    else this.#kept.push(bytes)
  }

  shut(): void {
    this.#kept ??= []
  }

  open(): void {
    const kept = this.#kept ?? []
    this.#kept = undefined
    for (const bytes of kept) this.#to.write(bytes)
  }
}

/** Reads the database's answers: for each request that is answered, whether it changed anything. */
class AnswerReader {
  #pending = Buffer.alloc(0)
  #changed = false

  read(data: Buffer): boolean[] {
    const ready: boolean[] = []
    this.#pending = Buffer.concat([this.#pending, data])
    for (;;) {
      if (this.#pending.length < 5) return ready
      const end = 1 + this.#pending.readInt32BE(1)
      if (this.#pending.length < end) return ready
      const type = String.fromCharCode(this.#pending[0] ?? 0)
      // CommandComplete says `UPDATE 3`; ReadyForQuery ends the answer.
      const tag = type === 'C' ? this.#pending.subarray(5, end - 1).toString('latin1') : ''
      if (type === 'C') this.#changed = !/ 0$|^ROLLBACK$/.test(tag)
      if (type === 'Z') {
        ready.push(this.#changed)
        this.#changed = false
      }
      this.#pending = this.#pending.subarray(end)
    }
  }
}
/** Cuts what a client sends into messages, and tells which of them makes a write last. */
class StatementReader {
  #pending = Buffer.alloc(0)
  #started = false
  #inTransaction = false
  #who = ''
  readonly #texts = new Map<string, string>()
  readonly #writes = new Set<string>()

  read(data: Buffer): { bytes: Buffer; write: string | undefined; endsRequest: boolean }[] {
    const messages: ReturnType<StatementReader['read']> = []
    this.#pending = Buffer.concat([this.#pending, data])
    for (;;) {
      // Only the very first message has no type before its length.
      const lengthAt = this.#started ? 1 : 0
      if (this.#pending.length < lengthAt + 4) return messages
      const end = lengthAt + this.#pending.readInt32BE(lengthAt)
      if (this.#pending.length < end) return messages
      const bytes = this.#pending.subarray(0, end)
      this.#pending = this.#pending.subarray(end)
      if (!this.#started) this.#who = prefixOf(bytes)
      const text = this.#started ? this.#executedText(bytes) : undefined
      const endsRequest = !this.#started || /[QS]/.test(String.fromCharCode(bytes[0] ?? 0))
      this.#started = true
      const write = text === undefined ? undefined : this.#writeOf(text)
      messages.push({ bytes, write: write === undefined ? undefined : this.#who + write, endsRequest })
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
    if (!this.#inTransaction) return name + columnsOf(text)
    this.#writes.add(name)
    return undefined
  }
}

/** What tells one update of a table from another: ` (next_check_at, check_count)`. */
function columnsOf(text: string): string {
  const set = /\bset\b(.*?)(?:\bfrom\b|\bwhere\b|$)/s.exec(text)?.[1] ?? ''
  const columns = [...set.matchAll(/(?:^|,)\s*(\w+)\s*=/g)].map(([, column]) => column)
  return columns.length === 0 ? '' : ` (${columns.join(', ')})`
}

/** Which of our programs' connections it is, by the name in its first message; none for the server's own. */
function prefixOf(startup: Buffer): string {
  const words = startup.subarray(8).toString('latin1').split('\0')
  const name = words[words.indexOf('application_name') + 1] ?? ''
  return name === 'fenpay' ? '' : `${name.replace(/^fenpay /, '')}: `
}
