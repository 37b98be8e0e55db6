import { temporaryFile } from '../assets.ts'
import { ask } from '../bridge.ts'
import { pageStack } from '../page-stack.ts'
import { settings } from '../settings.ts'
import { asOptions, Failure, failureOf, numberOption, type Options, settle, textOption } from './api.ts'
import { Listeners } from './listeners.ts'

/** client-api.md 2: ten at a time, the others wait; five seconds in the background end what is running. */
const concurrentMax = 10
const defaultTimeoutMs = 60_000
const methods = new Set(['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT'])

const interrupted = () => new Failure('interrupted', { errno: 600003 })

interface Running {
  abort(reason: Failure): void
}

let timeoutMs = defaultTimeoutMs
let background = false
let next = 1
const running = new Set<Running>()
const waiting: (() => void)[] = []

/** app.json's networkTimeout.request. */
export const setRequestTimeout = (ms: number | undefined): void => {
  timeoutMs = ms ?? defaultTimeoutMs
}

/** The mini program has been in the background for five seconds, or is in front again. */
export function setNetworkInBackground(on: boolean): void {
  background = on
  if (!on) return
  waiting.length = 0
  for (const one of [...running]) one.abort(interrupted())
}

/** What is sent to the phone's server, which makes the real request. */
interface Message {
  readonly url: string
  readonly method: string
  readonly header: Readonly<Record<string, string>>
  readonly data: string | null
  readonly bodyBase64?: string
}

function prepare(options: Options): Message {
  const url = textOption(options, 'url')
  if (!/^https?:\/\/[^/]/i.test(url)) throw new Failure(`invalid url "${url}"`, { errno: 600009 })
  const method = textOption(options, 'method', 'GET').toUpperCase()
  if (!methods.has(method)) throw new Failure(`method is invalid`, { errno: 600005 })
  const header: Record<string, string> = { 'content-type': 'application/json' }
  for (const [name, value] of Object.entries(asOptions(options['header']))) {
    if (name.toLowerCase() !== 'referer') header[name.toLowerCase()] = String(value)
  }
  const data = options['data']
  if (data instanceof ArrayBuffer) return { url, method, header, data: null, bodyBase64: toBase64(data) }
  if (method === 'GET' || method === 'HEAD') return { url: withQuery(url, data), method, header, data: null }
  if (typeof data === 'string' || data === undefined || data === null)
    return { url, method, header, data: data ?? null }
  const form = header['content-type']?.startsWith('application/x-www-form-urlencoded') === true
  return { url, method, header, data: form ? queryOf(data) : JSON.stringify(data) }
}

const queryOf = (data: unknown): string =>
  Object.entries(asOptions(data))
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const text = typeof value === 'object' ? JSON.stringify(value) : String(value)
      return `${encodeURIComponent(name)}=${encodeURIComponent(text)}`
    })
    .join('&')

function withQuery(url: string, data: unknown): string {
  const query = typeof data === 'string' ? data : queryOf(data)
  return query === '' ? url : `${url}${url.includes('?') ? '&' : '?'}${query}`
}

/** Base64 of bytes, as wx.arrayBufferToBase64 gives it. */
export function toBase64(bytes: ArrayBuffer): string {
  let text = ''
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte)
  return btoa(text)
}

/** The bytes of base64, as wx.base64ToArrayBuffer gives them. */
export const fromBase64 = (text: string): ArrayBuffer =>
  Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer

/** One request from its place in the queue to its end. */
class Task {
  readonly #headers = new Listeners()
  readonly #name: string
  readonly #options: Options
  readonly #stop = new AbortController()
  #done = false

  constructor(name: string, options: Options, prepared: () => Message | Promise<Message>) {
    this.#name = name
    this.#options = options
    const begin = () => void this.#run(prepared)
    if (running.size < concurrentMax) queueMicrotask(begin)
    else waiting.push(begin)
  }

  /** What the mini program gets: RequestTask. */
  get handle(): Record<string, unknown> {
    return {
      abort: () => this.abort(new Failure('abort')),
      onHeadersReceived: this.#headers.on,
      offHeadersReceived: this.#headers.off,
      onChunkReceived: () => {},
      offChunkReceived: () => {},
      onProgressUpdate: () => {},
      offProgressUpdate: () => {},
    }
  }

  abort(reason: Failure): void {
    this.#end({ ok: false, result: failureOf(this.#name, reason) })
    this.#stop.abort()
  }

  async #run(prepared: () => Message | Promise<Message>): Promise<void> {
    if (this.#done) return
    running.add(this)
    const limitMs = numberOption(this.#options, 'timeout', timeoutMs)
    const timer = setTimeout(() => this.abort(new Failure('timeout', { errno: 5 })), limitMs)
    try {
      if (background) throw interrupted()
      const message = await prepared()
      await reachNetwork()
      if (this.#done) return
      const page = pageStack.pages.at(-1)?.path ?? ''
      const body = {
        id: String(next++),
        ...message,
        timeout: limitMs,
        page,
        responseType: this.#options['responseType'] ?? 'text',
      }
      const answer = await ask('request', body, this.#stop.signal)
      this.#end({ ok: true, result: this.#read(answer) })
    } catch (error) {
      const failure = error instanceof Failure ? error : new Failure('connect error', { errno: 600001 })
      this.#end({ ok: false, result: failureOf(this.#name, failure) })
    } finally {
      clearTimeout(timer)
    }
  }

  #read(answer: Record<string, unknown>): Record<string, unknown> {
    if (typeof answer['statusCode'] !== 'number') {
      const { errMsg, errno } = answer
      const detail = String(errMsg ?? 'unknown network error').replace(/^\w+:fail\s*/, '')
      throw new Failure(detail, typeof errno === 'number' ? { errno } : {})
    }
    const header = asOptions(answer['header'])
    this.#headers.emit({ header, statusCode: answer['statusCode'] })
    const setCookie = Object.entries(header).find(([name]) => name.toLowerCase() === 'set-cookie')?.[1]
    const cookies = setCookie === undefined ? [] : Array.isArray(setCookie) ? setCookie : [setCookie]
    const data = this.#data(answer)
    return { data, statusCode: answer['statusCode'], header, cookies, errMsg: `${this.#name}:ok` }
  }

  #data(answer: Record<string, unknown>): unknown {
    const base64 = answer['dataBase64'] ?? answer['bodyBase64']
    if (this.#options['responseType'] === 'arraybuffer') {
      if (typeof base64 === 'string') return fromBase64(base64)
      return new TextEncoder().encode(String(answer['data'] ?? '')).buffer
    }
    const text = String(answer['data'] ?? '').replace(/^\uFEFF/, '')
    if (this.#name === 'uploadFile' || (this.#options['dataType'] ?? 'json') !== 'json') return text
    try {
      return JSON.parse(text)
    } catch {
      return text
    }
  }

  #end(outcome: { ok: boolean; result: unknown }): void {
    if (this.#done) return
    this.#done = true
    running.delete(this)
    waiting.shift()?.()
    settle(this.#options, outcome)
  }
}

/** The phone's own network: waits when it is slow. Throws Failure when it is off. */
export async function reachNetwork(): Promise<void> {
  if (!settings.online) throw new Failure('net::ERR_INTERNET_DISCONNECTED', { errno: 600001 })
  if (settings.slowMs > 0) await new Promise((done) => setTimeout(done, settings.slowMs))
  if (!settings.online) throw new Failure('net::ERR_INTERNET_DISCONNECTED', { errno: 600001 })
}

/** wx.request: never a promise; HTTP errors arrive in success. */
export const request = (given: unknown): unknown => {
  const options = asOptions(given)
  return new Task('request', options, () => prepare(options)).handle
}

/** wx.uploadFile: one file as multipart/form-data; `data` of the answer is always text. */
export const uploadFile = (given: unknown): unknown => {
  const options = asOptions(given)
  return new Task('uploadFile', options, () => prepareUpload(options)).handle
}

async function prepareUpload(options: Options): Promise<Message> {
  const path = textOption(options, 'filePath')
  const file = temporaryFile(path)
  if (!file) throw new Failure(`file not found ${path}`)
  const form = new FormData()
  for (const [name, value] of Object.entries(asOptions(options['formData']))) form.append(name, String(value))
  form.append(textOption(options, 'name'), file, path.split('/').at(-1) ?? 'file')
  const encoded = new Response(form)
  const { url, header } = prepare({ ...options, method: 'POST', data: '' })
  const type = encoded.headers.get('content-type') ?? 'multipart/form-data'
  const bodyBase64 = toBase64(await encoded.arrayBuffer())
  return { url, method: 'POST', header: { ...header, 'content-type': type }, data: null, bodyBase64 }
}
