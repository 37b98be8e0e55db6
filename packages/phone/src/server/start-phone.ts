import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { buildMiniProgram } from '../build/build-mini-program.ts'
import { readDesktopPage } from './desktop-page.ts'
import { LiveBuild } from './live-build.ts'
import { PhoneCalls } from './phone-calls.ts'
import { servePhone } from './phone-server.ts'
import { Story } from './story.ts'
import { Wechat, WechatUnreachableError } from './wechat.ts'
import { WechatMessages } from './wechat-messages.ts'

/** How to start a phone. */
export interface PhoneOptions {
  /** A native mini program: the folder of app.json, or of a project.config.json that names it. */
  readonly folder: string
  /** Default 3002; 0 takes a free one. */
  readonly port?: number
  /** A loopback address, default 127.0.0.1. */
  readonly host?: string
  /** The simulated WeChat, default http://127.0.0.1:3001. It may be started later. */
  readonly wechatUrl?: string
  /**
   * The mini program's back end, default http://127.0.0.1:3000. Where it is another one, requests that name the default
   * address go there, so that a source needs no change for a test on a free port.
   */
  readonly apiUrl?: string
  /** Gets a line for each build that fails and each unexpected error; default: nothing is written. */
  readonly log?: (line: string) => void
}

/** A running phone. */
export interface Phone {
  readonly url: string
  close(): Promise<void>
}

/** Thrown when the phone cannot start with these options; `message` is for people. */
export class PhoneOptionsError extends Error {
  readonly code = 'bad_options'
}

const loopbackHosts = ['127.0.0.1', '::1', 'localhost']
const defaultApiUrl = 'http://127.0.0.1:3000'

/**
 * Serves a phone that runs one mini program, and rebuilds it when its source changes. Source that cannot be built is
 * shown on the phone and waited for. Throws {@link PhoneOptionsError}, and the system's error when the port is taken.
 */
export async function startPhone(options: PhoneOptions): Promise<Phone> {
  const { port = 3002, host = '127.0.0.1', wechatUrl = 'http://127.0.0.1:3001', log = () => {} } = options
  const { apiUrl = defaultApiUrl } = options
  const folder = resolve(options.folder)
  checkOptions(folder, host, { wechatUrl, apiUrl })
  const wechat = new Wechat(wechatUrl)
  const story = new Story()
  const messages = new WechatMessages(wechat, story)
  const liveBuild = new LiveBuild({
    folder,
    build: buildMiniProgram,
    onBuild: (problems) => {
      for (const { at, message } of problems) log(`${at} ${message}`)
      story.tell({ type: 'build', problems })
      if (problems.length === 0) story.tell({ type: 'reload' })
    },
  })
  const appid = new AppidOfWechat(wechat, () => liveBuild.result?.appid ?? '')
  const overrides = overridesFor(apiUrl)
  const calls = new PhoneCalls({ story, messages, wechat, apiUrl, apiOverrides: overrides, appid: () => appid.last })
  const page = await readDesktopPage()
  const server = await servePhone(
    { page, liveBuild, story, calls, messages, wechat, appid: () => appid.find(), apiOverrides: overrides, log },
    host,
    port,
  )
  await liveBuild.start()
  for (const { at, message } of liveBuild.problems) log(`${at} ${message}`)
  messages.start()
  return {
    url: server.url,
    close: async () => {
      await server.close()
      await messages.stop()
      await liveBuild.stop()
    },
  }
}

function checkOptions(folder: string, host: string, urls: Readonly<Record<string, string>>): void {
  if (!loopbackHosts.includes(host)) {
    throw new PhoneOptionsError(`host must be one of ${loopbackHosts.join(', ')}, not ${host}`)
  }
  for (const [name, url] of Object.entries(urls)) {
    if (!URL.canParse(url) || !/^https?:/.test(url)) throw new PhoneOptionsError(`${name} is no http address: ${url}`)
  }
  const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() === true
  if (!isFile(join(folder, 'app.json')) && !isFile(join(folder, 'project.config.json'))) {
    throw new PhoneOptionsError(`${folder} is no mini program: it has neither app.json nor project.config.json`)
  }
}

/** Both spellings of the default address, when the back end is elsewhere. */
function overridesFor(apiUrl: string): Readonly<Record<string, string>> | undefined {
  const { origin } = new URL(apiUrl)
  if (origin === defaultApiUrl) return undefined
  return { [defaultApiUrl]: origin, 'http://localhost:3000': origin }
}

/**
 * The appid to run under: the mini program's own where the simulated WeChat knows it, otherwise WeChat's first one, so
 * that a project with a placeholder runs too.
 */
class AppidOfWechat {
  readonly #wechat: Wechat
  readonly #own: () => string
  last = ''

  constructor(wechat: Wechat, own: () => string) {
    this.#wechat = wechat
    this.#own = own
  }

  async find(): Promise<string> {
    try {
      const apps = (await this.#wechat.merchants()).flatMap((merchant) => merchant.apps.map(({ appid }) => appid))
      this.last = apps.includes(this.#own()) ? this.#own() : (apps[0] ?? this.#own())
    } catch (error) {
      if (!(error instanceof WechatUnreachableError)) throw error
      this.last = this.#own()
    }
    return this.last
  }
}
