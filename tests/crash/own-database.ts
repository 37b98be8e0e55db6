import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net'
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '../../apps/server/src/storage/embedded/start-embedded-postgres.ts'
import { joinSockets } from './join-sockets.ts'

/**
 * A PostgreSQL apart from the servers, as in production: it keeps its promises over a crash, and can be killed and
 * started again under the same address.
 */
export class OwnDatabase {
  readonly url: string
  readonly #dataDir: string
  readonly #door: Server
  readonly #sockets = new Set<Socket>()
  #postgres: EmbeddedPostgres

  private constructor(dataDir: string, postgres: EmbeddedPostgres, door: Server) {
    this.#dataDir = dataDir
    this.#postgres = postgres
    this.#door = door
    const url = new URL(postgres.url)
    url.host = `127.0.0.1:${(door.address() as AddressInfo).port}`
    this.url = url.href
    door.on('connection', (client) => this.#carry(client))
  }

  static async start(dataDir: string): Promise<OwnDatabase> {
    const postgres = await startEmbeddedPostgres({ dataDir })
    const door = createServer()
    await new Promise<void>((done) => door.listen(0, '127.0.0.1', done))
    return new OwnDatabase(dataDir, postgres, door)
  }

  /** With SIGKILL, the process that the others belong to. */
  async kill(): Promise<void> {
    process.kill(this.#postgres.pid, 'SIGKILL')
    await this.#postgres.exited
  }

  async restart(): Promise<void> {
    await this.#postgres.stop()
    this.#postgres = await startEmbeddedPostgres({ dataDir: this.#dataDir })
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((done) => this.#door.close(done))
    await this.#postgres.stop()
  }

  #carry(client: Socket): void {
    const database = dial(Number(new URL(this.#postgres.url).port), '127.0.0.1')
    joinSockets(client, database, this.#sockets)
    client.pipe(database).pipe(client)
  }
}
