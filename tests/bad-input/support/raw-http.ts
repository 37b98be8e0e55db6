import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './answer.ts'

type Part = string | Uint8Array | { pauseMs: number }

/**
 * Writes bytes to a socket as they are, which no HTTP client does, and reads the first answer. `\n` in a text part is
 * sent as CR LF. The answer's status is 0 when the connection ended without one.
 */
export async function sendRaw(url: string, parts: Part[], limitMs = 20_000): Promise<Answer> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let received = Buffer.alloc(0)
  const ended = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      if (isWhole(received.toString('latin1'))) resolve()
    })
    socket.once('close', () => resolve())
    socket.on('error', () => resolve())
    setTimeout(resolve, limitMs).unref()
  })
  await writeAll(parts, socket, ended)
  await ended
  socket.destroy()
  return readAnswer(received.toString('utf8'))
}

async function writeAll(parts: Part[], socket: ReturnType<typeof connect>, ended: Promise<void>): Promise<void> {
  let over = false
  ended.then(() => {
    over = true
  })
  for (const part of parts) {
    if (over) return
    if (typeof part === 'string') socket.write(part.replaceAll('\n', '\r\n'), 'latin1')
    else if (part instanceof Uint8Array) socket.write(part)
    else await Promise.race([sleep(part.pauseMs), ended])
  }
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n')
  if (end >= 0 && text.startsWith('HTTP/1.1 204')) return true
  const length = /^content-length: (\d+)/im.exec(text)?.[1]
  return end >= 0 && length !== undefined && text.length >= end + 4 + Number(length)
}

function readAnswer(text: string): Answer {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const [first = '', ...lines] = head.split('\r\n')
  const headers = lines.map((line) => {
    const [name = '', ...value] = line.split(': ')
    return [name.toLowerCase(), value.join(': ')] as const
  })
  // An empty body in chunks, as Node sends it, is an empty body.
  const body = rest.join('\r\n\r\n').replace(/^0\r\n(\r\n)?$/, '')
  return { status: Number(first.split(' ')[1] ?? 0), headers: new Map(headers), text: body }
}
