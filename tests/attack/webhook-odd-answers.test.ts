/** Who takes webhooks may answer anything at all: no answer of theirs keeps the outbox from its other work. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createWebhookPoster } from '../../apps/server/src/gateway/webhook-post.ts'

const poster = createWebhookPoster({ allowLoopback: true, clock: Date.now })

/** What the answer begins with, whether the connection is ended after it, and what is learned. */
const answers: Record<string, { bytes: string; ends: boolean; learned: RegExp }> = {
  'switches to another protocol': {
    bytes: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    ends: false,
    learned: /error/,
  },
  'ends within its body': { bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc', ends: true, learned: /error/ },
  'ends before its first line': { bytes: 'HTTP/1.', ends: true, learned: /error/ },
  'announces an answer and stops there': { bytes: 'HTTP/1.1 100 Continue\r\n\r\n', ends: false, learned: /error/ },
  'is whole, and its connection ends with it': {
    bytes: 'HTTP/1.1 200 OK\r\n\r\nthank you',
    ends: true,
    learned: /200/,
  },
}

for (const [what, { bytes, ends, learned }] of Object.entries(answers)) {
  test(`F14, A51: a webhook whose answer ${what} is over within its five seconds`, async () => {
    const receiver = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', () => (ends ? socket.end(bytes) : socket.write(bytes)))
    }).listen(0, '127.0.0.1')
    after(() => receiver.close())
    await once(receiver, 'listening')
    const { port } = receiver.address() as AddressInfo
    const posted = poster.post(`http://127.0.0.1:${port}/`, {}, '{}')
    const result = await Promise.race([posted, delay(8_000, 'it never came back', { ref: false })])
    assert.match(JSON.stringify(result), learned)
  })
}
