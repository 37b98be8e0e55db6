import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Stands between the server and PostgreSQL, so that the database can be gone for a while. */
export interface DatabaseGate {
  /** The database's address through the gate. */
  readonly url: string
  /** Cuts every connection and lets no new one in. */
  shut(): Promise<void>
  open(): Promise<void>
}

export async function startDatabaseGate(databaseUrl: string): Promise<DatabaseGate> {
  const target = new URL(databaseUrl)
  const sockets = new Set<Socket>()
  let port = 0
  const server = createServer((inside) => {
    const outside = connect(Number(target.port), target.hostname)
    for (const socket of [inside, outside]) {
      sockets.add(socket)
      socket.once('close', () => {
        sockets.delete(socket)
        inside.destroy()
        outside.destroy()
      })
      socket.on('error', () => socket.destroy())
    }
    inside.pipe(outside).pipe(inside)
  })
  const open = () => new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  await open()
  port = (server.address() as AddressInfo).port
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${port}`
  return {
    url: url.href,
    open,
    shut: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
