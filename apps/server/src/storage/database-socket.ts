import { Socket } from 'node:net'

/** What the driver (3.4) hands to a socket factory: every host with its port, or the path of a Unix socket. */
type Address = { readonly host: readonly string[]; readonly port: readonly number[]; readonly path?: string | false }

/** The protocol's ReadyForQuery, outside a transaction: the last bytes of a session's start. */
const readyForQuery = Buffer.from([0x5a, 0, 0, 0, 5, 0x49])

/**
 * Makes the sockets of one pool, the hosts in turn. A session that breaks reports its end, but not its error: between the
 * two events the driver would send another query into the broken socket, and that query, and the later ones on the same
 * connection, would wait for ever. Seen as an ordinary end, the loss is CONNECTION_CLOSED. Errors before the session is
 * ready pass: by them the driver knows that it could not connect. (Under TLS the driver listens to another socket.)
 */
export function socketFactory(): (address: Address) => Socket {
  let turn = 0
  return ({ host, port, path }) => {
    const index = turn % host.length
    turn += 1
    const socket = reportingOnlyItsEnd(new Socket())
    return typeof path === 'string'
      ? socket.connect(path)
      : socket.connect(port[index] ?? 5432, host[index] ?? 'localhost')
  }
}

function reportingOnlyItsEnd(socket: Socket): Socket {
  const emit = socket.emit.bind(socket)
  let ready = false
  socket.emit = (event: string | symbol, ...values: unknown[]) => {
    const [data] = values
    if (event === 'data' && !ready && Buffer.isBuffer(data)) {
      ready = data.subarray(-readyForQuery.length).equals(readyForQuery)
    }
    if (ready && event === 'error') return true
    return ready && event === 'close' ? emit('close', false) : emit(event, ...values)
  }
  return socket
}
