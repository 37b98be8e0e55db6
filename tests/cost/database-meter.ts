import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import { joinSockets } from '../crash/join-sockets.ts'
import { AnswerReader, StatementReader } from '../crash/postgres-messages.ts'

/** What some work costs at the database. */
export interface DatabaseCost {
  /** Times it waited for the database. What is asked at the same moment is waited for once. */
  roundTrips: number
  /** Without the `begin` and `commit` around them. */
  statements: number
  /** Transactions that changed something, each of which waits for the disk. */
  commits: number
}

const transactionWords = /^\s*(begin|commit|rollback)\b/i

/**
 * Stands between programs and their database, and counts what they ask. That a connection is opened, or a statement
 * prepared on it for the first time, is not counted: it is done once and not again.
 */
export class DatabaseMeter {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** What was asked in the last work, in its order, each `begin` and `commit` included. */
  asked: string[] = []
  #counted: DatabaseCost = { roundTrips: 0, statements: 0, commits: 0 }
  /** Requests that are begun and not answered, on all connections. */
  #underWay = 0

  private constructor(server: Server) {
    this.#server = server
  }

  /** @param databaseUrl where the database is; the meter's own address leads there too. */
  static async start(databaseUrl: string): Promise<{ meter: DatabaseMeter; url: string }> {
    const target = new URL(databaseUrl)
    const server = createServer()
    const meter = new DatabaseMeter(server)
    server.on('connection', (client) => meter.#carry(client, dial(Number(target.port), target.hostname)))
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    const url = new URL(databaseUrl)
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
    return { meter, url: url.href }
  }

  /** Does the work, which is all that goes on at the moment, and counts. */
  async costOf<Result>(work: () => Promise<Result>): Promise<{ result: Result; cost: DatabaseCost }> {
    this.#counted = { roundTrips: 0, statements: 0, commits: 0 }
    this.asked = []
    const result = await work()
    if (this.#underWay > 0) throw new Error(`${this.#underWay} requests to the database outlived the work`)
    return { result, cost: this.#counted }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((done) => this.#server.close(done))
  }

  #carry(client: Socket, database: Socket): void {
    const statements = new StatementReader()
    const answers = new AnswerReader()
    /** Whether each request that is asked, and not answered yet, writes. */
    const asked: boolean[] = []
    let isBegun = false
    let writes = false
    let isConnected = false
    client.on('data', (data: Buffer) => {
      for (const { text, write, endsRequest } of statements.read(data)) {
        // Up to the first answer it logs in, which is not counted; but what is asked meanwhile waits for it.
        if (isConnected && text !== undefined) {
          this.asked.push(text)
          if (!transactionWords.test(text)) this.#counted.statements += 1
        }
        if (isConnected && !isBegun) {
          if (this.#underWay === 0) this.#counted.roundTrips += 1
          this.#underWay += 1
          isBegun = true
        }
        writes ||= write !== undefined
        if (!endsRequest) continue
        asked.push(writes)
        isBegun = false
        writes = false
      }
      database.write(data)
    })
    database.on('data', (data: Buffer) => {
      for (const changed of answers.read(data)) {
        if (asked.shift() === true && changed) this.#counted.commits += 1
        if (isConnected) this.#underWay -= 1
        isConnected = true
      }
      client.write(data)
    })
    // Its last word, that it ends, is answered by nothing.
    client.on('close', () => {
      this.#underWay -= asked.length + (isBegun ? 1 : 0)
    })
    joinSockets(client, database, this.#sockets)
  }
}
