import type { Socket } from 'node:net'

/** The two ends of one way: when one breaks or closes, so does the other. `sockets` holds those that are open. */
export function joinSockets(client: Socket, database: Socket, sockets: Set<Socket>): void {
  for (const [socket, other] of [
    [client, database],
    [database, client],
  ] as const) {
    sockets.add(socket)
    // A message is passed on in pieces, which must not wait for each other's acknowledgement.
    socket.setNoDelay(true)
    socket.on('error', () => other.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
  }
}
