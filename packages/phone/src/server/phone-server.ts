import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isLoopback } from './allowed-address.ts'
import { appFile, configScript } from './app-files.ts'
import type { ServedFile } from './desktop-page.ts'
import { RequestRefusedError, readJson, send, sendJson } from './http-answers.ts'
import type { LiveBuild } from './live-build.ts'
import type { PhoneCalls } from './phone-calls.ts'
import type { Story } from './story.ts'
import { type Wechat, WechatUnreachableError } from './wechat.ts'
import type { WechatMessages } from './wechat-messages.ts'

/** What the server puts together. */
export interface PhoneServerOptions {
  readonly page: ReadonlyMap<string, ServedFile>
  readonly liveBuild: LiveBuild
  readonly story: Story
  readonly calls: PhoneCalls
  readonly messages: WechatMessages
  readonly wechat: Wechat
  readonly appid: () => Promise<string>
  readonly apiOverrides: Readonly<Record<string, string>> | undefined
  readonly log: (line: string) => void
}

// Everything comes from this origin; only pictures may come from another server of this machine.
const pageRules = [
  "default-src 'self'",
  "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "font-src 'self' data:",
]
const pictures = "img-src 'self' data: blob: http://127.0.0.1:* http://localhost:*"

/** Serves the desktop page, the phone's screen and everything under `/_phone/`. Rejects when the port is taken. */
export async function servePhone(
  options: PhoneServerOptions,
  host: string,
  port: number,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer()
  const handler = new RequestHandler(options)
  server.on('request', (request, response) => {
    handler.handle(request, response).catch((error: unknown) => answerError(error, response, options.log))
  })
  await listen(server, host, port)
  const { port: boundPort } = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${boundPort}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function answerError(error: unknown, response: ServerResponse, log: (line: string) => void): void {
  if (response.headersSent || response.destroyed) {
    response.destroy()
  } else if (error instanceof RequestRefusedError) {
    sendJson(response, { code: error.code, message: error.message }, error.status)
  } else if (error instanceof WechatUnreachableError) {
    sendJson(response, { code: error.code, message: error.message }, 502)
  } else {
    log(error instanceof Error ? (error.stack ?? error.message) : String(error))
    sendJson(response, { code: 'internal_error', message: 'the phone made a mistake; its log says which' }, 500)
  }
}

class RequestHandler {
  readonly #options: PhoneServerOptions

  constructor(options: PhoneServerOptions) {
    this.#options = options
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    refuseStrangers(request)
    const [path = '/', query = ''] = (request.url ?? '/').split('?')
    const search = query === '' ? '' : `?${query}`
    if (path.startsWith('/_phone/')) await this.#phone(`${request.method} ${path.slice(8)}`, search, request, response)
    else if (request.method !== 'GET')
      throw new RequestRefusedError(405, 'method_not_allowed', 'only GET is served here')
    else if (path === '/app') response.writeHead(302, { location: `/app/${search}` }).end()
    else if (path.startsWith('/app/')) await this.#app(decode(path.slice(5)), response)
    else this.#page(path, response)
  }

  async #phone(call: string, search: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { calls, story, wechat } = this.#options
    const reply = ({ status, body }: { status: number; body: object }) => sendJson(response, body, status)
    switch (call) {
      case 'POST request': {
        const hangUp = new AbortController()
        response.once('close', () => hangUp.abort())
        return reply(await calls.request(await readJson(request), hangUp.signal))
      }
      case 'POST wechat/login':
        return reply(await calls.wechatCall('login', await readJson(request)))
      case 'POST wechat/requestPayment':
        return reply(await calls.wechatCall('requestPayment', await readJson(request)))
      case 'POST wechat/phoneNumber':
        return reply(await calls.wechatCall('phoneNumber', await readJson(request)))
      case 'POST event':
        calls.event(await readJson(request))
        return sendJson(response, {})
      case 'POST clock/advance':
        return reply(await calls.advanceClock(await readJson(request)))
      case 'GET faults':
        return reply(await wechat.ask('GET', '/_sim/faults'))
      case 'POST faults':
        return reply(await wechat.ask('POST', '/_sim/faults', await readJson(request)))
      case 'DELETE faults':
        return reply(await wechat.ask('DELETE', `/_sim/faults${search}`))
      case 'GET story':
        return this.#tellStory(response)
      case 'DELETE story':
        story.clear()
        return sendJson(response, {})
      default:
        throw new RequestRefusedError(404, 'not_found', `the phone has no ${call}`)
    }
  }

  /** Server-Sent Events: each `data` is one StoryNews. */
  #tellStory(response: ServerResponse): void {
    const { story, liveBuild, messages } = this.#options
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' })
    const tell = (news: object) => response.write(`data: ${JSON.stringify(news)}\n\n`)
    const stop = story.listen(tell)
    tell({ type: 'build', problems: liveBuild.problems })
    if (messages.reachable !== undefined) tell({ type: 'wechat', reachable: messages.reachable })
    response.once('close', stop)
  }

  async #app(path: string, response: ServerResponse): Promise<void> {
    const { liveBuild, appid, apiOverrides } = this.#options
    const { result, problems } = liveBuild
    response.setHeader('content-security-policy', [...pageRules, pictures, "frame-ancestors 'self'"].join('; '))
    if (result === undefined) {
      const text = problems.map(({ at, message }) => `${at} ${message}`).join('\n')
      return send(response, 500, 'text/plain; charset=utf-8', text)
    }
    if (path === 'config.js') {
      const { title } = result
      const config = { appid: await appid(), title, ...(apiOverrides === undefined ? {} : { apiOverrides }) }
      return send(response, 200, 'text/javascript; charset=utf-8', configScript(config))
    }
    const file = appFile(result, path)
    if (file === undefined) throw new RequestRefusedError(404, 'not_found', `the mini program has no file ${path}`)
    send(response, 200, file.contentType, file.body)
  }

  #page(path: string, response: ServerResponse): void {
    const file = this.#options.page.get(path)
    if (file === undefined) throw new RequestRefusedError(404, 'not_found', 'the phone is at / and its screen at /app/')
    response.setHeader('content-security-policy', "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'")
    send(response, 200, file.contentType, file.body)
  }
}

/**
 * Only this machine's own pages may speak to the phone: another site's script, or one that has bent its name to this
 * address, would get at every server on loopback.
 */
function refuseStrangers({ headers }: IncomingMessage): void {
  const { host = '', origin } = headers
  const own = URL.canParse(`http://${host}`) && isLoopback(new URL(`http://${host}`).hostname)
  if (own && (origin === undefined || origin === `http://${host}`)) return
  throw new RequestRefusedError(403, 'foreign_origin', 'the phone answers only to its own page on this machine')
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
