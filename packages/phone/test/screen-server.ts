import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname } from 'node:path'
import type { BuildResult } from '../src/build/build-mini-program.ts'

/** What the phone's server would answer to one of the screen's calls. */
export type Answer = (body: Record<string, unknown>) => unknown

export interface ScreenServer {
  readonly url: string
  /** Every call of the screen, in order: the path below /_phone/ and its body. */
  readonly calls: { path: string; body: Record<string, unknown> }[]
  /** Answers by path below /_phone/; a test may replace one. */
  readonly answers: Record<string, Answer>
  close(): Promise<void>
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
}

/** Serves a built mini program as the phone's server does, and answers the screen's calls by a script. */
export async function startScreenServer(
  built: BuildResult,
  answers: Record<string, Answer> = {},
): Promise<ScreenServer> {
  const calls: ScreenServer['calls'] = []
  const all: Record<string, Answer> = { event: () => ({}), ...answers }
  const config = `window.__phone = ${JSON.stringify({ appid: built.appid, user: '小明', title: built.title })}`
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://x').pathname)
    if (path.startsWith('/_phone/')) {
      const body = JSON.parse((await read(request)) || '{}') as Record<string, unknown>
      const name = path.slice('/_phone/'.length)
      calls.push({ path: name, body })
      const answer = await all[name]?.(body)
      response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer ?? {}))
      return
    }
    const name = path.replace(/^\/app\//, '') || 'index.html'
    const content = name === 'config.js' ? config : built.files.get(name)
    response.writeHead(content === undefined ? 404 : 200, { 'content-type': types[extname(name)] ?? 'text/plain' })
    response.end(content ?? 'not there')
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/app/`,
    calls,
    answers: all,
    close: () =>
      new Promise((closed) => {
        server.closeAllConnections()
        server.close(() => closed())
      }),
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
