import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { joinSockets } from './join-sockets.ts'
import { AnswerReader, StatementReader } from './postgres-messages.ts'

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
