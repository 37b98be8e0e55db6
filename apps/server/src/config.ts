import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type PayApi, payApis } from './domain/attempt.ts'
import {
  type Merchant,
  type MerchantApp,
  type MerchantKeys,
  type MessageFact,
  messageFacts,
} from './domain/merchant.ts'
import { unknownNames } from './unknown-names.ts'

/** Everything the server reads from its environment; see docs/configuration.md. */
export interface Config {
  host: string
  port: number
  /** Where the embedded database and the generated master key are kept. */
  dataDir: string
  /** A PostgreSQL server; undefined means the embedded one in `dataDir`. */
  databaseUrl: string | undefined
  /** The address under which WeChat reaches this server. Undefined: the address it listens on. */
  publicUrl: string | undefined
  /** A simulated WeChat; undefined means the real one. */
  wechatUrl: string | undefined
  /** 32 bytes; undefined means one is generated in `dataDir`. */
  masterKey: Buffer | undefined
  /** Where a simulated WeChat takes calls with a client certificate, and the authority its own certificate is from. */
  wechatSecure: { url: string; caPem: string } | undefined
  merchant: Merchant
  catalogueFile: string | undefined
  orderTtlSeconds: number
  openOrdersMax: number
  /** Requests a minute that one caller may make. */
  rateLimitPerMinute: number
  trustProxy: boolean
  /** Whether webhooks may go to this machine. */
  webhookAllowLoopback: boolean
  /** Lets /metrics be read from elsewhere than this machine. */
  metricsToken: string | undefined
  logLevel: string
  /** What works and is hardly meant, for the log at the start; no value of a variable is in it. */
  warnings: readonly string[]
}

/** What is wrong with the environment, all of it at once. */
export class ConfigError extends Error {
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`The configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

type Env = Record<string, string | undefined>

/**
 * Reads and validates the environment. This is the only place that reads it.
 * @throws ConfigError with every problem; no value of a secret is in it
 */
export function readConfig(
  env: Env,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): Config {
  const reader = new EnvReader(env, readFile)
  const production = env['NODE_ENV'] === 'production'
  const config: Omit<Config, 'warnings'> = {
    host: reader.text('FENPAY_HOST', '127.0.0.1'),
    port: reader.integer('FENPAY_PORT', 3000, 0, 65535),
    ...reader.database(),
    publicUrl: reader.url('FENPAY_PUBLIC_URL', ['http:', 'https:'])?.replace(/\/$/, ''),
    wechatUrl: reader.url('FENPAY_WECHAT_URL', ['http:', 'https:'])?.replace(/\/$/, ''),
    masterKey: reader.masterKey(),
    wechatSecure: reader.wechatSecure(),
    merchant: reader.merchant(),
    catalogueFile: reader.optional('FENPAY_CATALOGUE_FILE'),
    orderTtlSeconds: reader.integer('FENPAY_ORDER_TTL_SECONDS', 30 * 60, 60, 7 * 24 * 60 * 60),
    openOrdersMax: reader.integer('FENPAY_OPEN_ORDERS_MAX', 20, 1, 1000),
    rateLimitPerMinute: reader.integer('FENPAY_RATE_LIMIT_PER_MINUTE', 600, 1, 1_000_000),
    trustProxy: reader.choice('FENPAY_TRUST_PROXY', ['no', 'yes'], 'no') === 'yes',
    webhookAllowLoopback: reader.webhookAllowLoopback(),
    metricsToken: reader.metricsToken(),
    logLevel: reader.choice('FENPAY_LOG_LEVEL', ['silent', 'error', 'warn', 'info', 'debug'], 'info'),
  }
  if (production) reader.requireProduction(config)
  const unknown = reader.unknownNames()
  // A name that is missing may stand there misspelt.
  if (reader.problems.length > 0) throw new ConfigError([...reader.problems, ...unknown])
  const takesRealMoney = config.wechatUrl === undefined
  return {
    ...config,
    warnings: takesRealMoney && config.databaseUrl === undefined ? [...unknown, realMoneyEmbedded] : unknown,
  }
}

const realMoneyEmbedded =
  'DATABASE_URL is not set: real money is kept in the embedded database, which has no backup; see docs/going-live.md'

/** What the command line needs of the same environment: no merchant has to be configured for it. */
export interface CommandConfig extends Pick<Config, 'dataDir' | 'databaseUrl' | 'masterKey' | 'webhookAllowLoopback'> {
  /** Undefined: the only merchant of the database. */
  merchantId: string | undefined
}

/** @throws ConfigError with every problem; no value of a secret is in it */
export function readCommandConfig(
  env: Env,
  readFile: (path: string) => string = (path) => readFileSync(path, 'utf8'),
): CommandConfig {
  const reader = new EnvReader(env, readFile)
  const config: CommandConfig = {
    ...reader.database(),
    masterKey: reader.masterKey(),
    webhookAllowLoopback: reader.webhookAllowLoopback(),
    merchantId: reader.optional('FENPAY_MCHID'),
  }
  if (env['NODE_ENV'] === 'production' && config.webhookAllowLoopback) reader.problems.push(loopbackInProduction)
  if (reader.problems.length > 0) throw new ConfigError(reader.problems)
  return config
}

const loopbackInProduction = 'FENPAY_WEBHOOK_ALLOW_LOOPBACK must not be yes in production'

class EnvReader {
  readonly problems: string[] = []
  readonly #env: Env
  readonly #readFile: (path: string) => string
  /** Every name that was asked for: the table of those that are known. */
  readonly #read = new Set<string>()

  constructor(env: Env, readFile: (path: string) => string) {
    this.#env = env
    this.#readFile = readFile
  }

  optional(name: string): string | undefined {
    this.#read.add(name)
    const value = this.#env[name]?.trim()
    return value === '' ? undefined : value
  }

  /** What is given and was never asked for. Called last, when all that is known has been read. */
  unknownNames(): string[] {
    const given = Object.keys(this.#env).filter((name) => !this.#read.has(name) && this.#env[name]?.trim())
    return unknownNames(given, [...this.#read])
  }

  text(name: string, fallback: string): string {
    return this.optional(name) ?? fallback
  }

  choice<Value extends string>(name: string, values: readonly Value[], fallback: Value): Value {
    const text = this.text(name, fallback)
    const value = values.find((candidate) => candidate === text)
    if (value === undefined) this.problems.push(`${name} is ${quote(text)}; it takes ${values.join(', ')}`)
    return value ?? fallback
  }

  integer(name: string, fallback: number, minimum: number, maximum: number): number {
    const text = this.optional(name)
    if (text === undefined) return fallback
    const value = /^[0-9]{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (value >= minimum && value <= maximum) return value
    this.problems.push(`${name} is ${quote(text)}; it takes a whole number from ${minimum} to ${maximum}`)
    return fallback
  }

  url(name: string, protocols: readonly string[]): string | undefined {
    const text = this.optional(name)
    if (text === undefined) return undefined
    if (URL.canParse(text) && protocols.includes(new URL(text).protocol)) return text
    // The value itself may hold a password.
    this.problems.push(`${name} is no URL that begins with ${protocols.map((p) => `${p}//`).join(' or ')}`)
    return undefined
  }

  /** A value that may be given as it is or, as NAME_FILE, by the path of a file. */
  secret(name: string): string | undefined {
    const path = this.optional(`${name}_FILE`)
    const value = this.optional(name)
    if (path === undefined) return value?.replaceAll('\\n', '\n')
    if (value !== undefined) this.problems.push(`${name} and ${name}_FILE are both given; leave one of them out`)
    try {
      return this.#readFile(path).trim()
    } catch {
      this.problems.push(`${name}_FILE names ${quote(path)}, which cannot be read`)
      return undefined
    }
  }

  required(name: string, pattern: RegExp, rule: string, value = this.optional(name)): string {
    if (value !== undefined && pattern.test(value)) return value
    this.problems.push(`${name} is ${value === undefined ? 'missing' : 'not valid'}; it takes ${rule}`)
    return ''
  }

  database(): Pick<Config, 'dataDir' | 'databaseUrl'> {
    return {
      dataDir: resolve(this.text('FENPAY_DATA_DIR', '.fenpay')),
      databaseUrl: this.url('DATABASE_URL', ['postgres:', 'postgresql:']),
    }
  }

  webhookAllowLoopback(): boolean {
    return this.choice('FENPAY_WEBHOOK_ALLOW_LOOPBACK', ['no', 'yes'], 'no') === 'yes'
  }

  masterKey(): Buffer | undefined {
    const text = this.secret('FENPAY_MASTER_KEY')
    if (text === undefined) return undefined
    const key = Buffer.from(text, 'base64')
    if (key.length === 32) return key
    this.problems.push('FENPAY_MASTER_KEY is not 32 bytes in base64; make one with: openssl rand -base64 32')
    return undefined
  }

  wechatSecure(): Config['wechatSecure'] {
    const url = this.url('FENPAY_WECHAT_SECURE_URL', ['https:'])?.replace(/\/$/, '')
    const caPem = this.secret('FENPAY_WECHAT_CA')
    if (url === undefined && caPem === undefined) return undefined
    if (caPem === undefined || !isCertificate(caPem))
      this.problems.push(
        "FENPAY_WECHAT_CA is no certificate in PEM; it is the authority of the simulated WeChat's https port",
      )
    if (url === undefined) this.problems.push('FENPAY_WECHAT_SECURE_URL is missing beside FENPAY_WECHAT_CA')
    return { url: url ?? '', caPem: caPem ?? '' }
  }

  merchant(): Merchant {
    const payApi = this.choice<PayApi>('FENPAY_PAY_API', payApis, 'v3')
    const isV3 = payApi === 'v3'
    const key = (name: string, needed: boolean) => {
      const value = this.secret(name)
      if (value === undefined && !needed) return undefined
      const rule = 'the 32 letters and digits set in the merchant platform'
      const given = this.required(name, /^[0-9A-Za-z]{32}$/, rule, value)
      if (/^(.)\1*$/.test(given)) this.problems.push(`${name} is a placeholder`)
      return given
    }
    const apiV2Key = key('FENPAY_API_V2_KEY', !isV3)
    const apiV3Key = key('FENPAY_API_V3_KEY', isV3)
    const certificate = this.certificate(isV3)
    return {
      merchantId: this.required('FENPAY_MCHID', /^[0-9]{8,32}$/, 'the merchant number, mchid'),
      name: this.required(
        'FENPAY_MERCHANT_NAME',
        /^[^&=<>\p{Cc}\u{10000}-\u{10FFFF}]{1,30}$/u,
        'a name of 1 to 30 characters',
        this.text('FENPAY_MERCHANT_NAME', '小面馆'),
      ),
      payApi,
      keys: {
        ...(apiV2Key === undefined ? {} : { apiV2Key }),
        ...(apiV3Key === undefined ? {} : { apiV3Key }),
        ...(certificate === undefined ? {} : { certificate }),
        wechatpayPublicKeys: this.wechatpayPublicKeys(),
      },
      apps: [
        {
          appid: this.required('FENPAY_APPID', /^wx[0-9a-f]{16}$/, "the mini program's appid, wx and 16 hex digits"),
          secret: this.required(
            'FENPAY_APP_SECRET',
            /^[0-9A-Za-z]{32}$/,
            "the mini program's AppSecret",
            this.secret('FENPAY_APP_SECRET'),
          ),
          ...this.push(),
          ...this.paidMessage(),
        },
      ],
      shippingManagement: this.choice('FENPAY_SHIPPING_MANAGEMENT', ['yes', 'no'], 'yes') === 'yes',
    }
  }

  push(): Pick<MerchantApp, 'push'> {
    const token = this.secret('FENPAY_PUSH_TOKEN')
    const encodingAesKey = this.secret('FENPAY_PUSH_AES_KEY')
    if (token === undefined && encodingAesKey === undefined) return {}
    const tokenRule = 'the Token of the message push, 3 to 32 letters and digits'
    const keyRule = 'the EncodingAESKey of the message push, 43 letters and digits'
    return {
      push: {
        token: this.required('FENPAY_PUSH_TOKEN', /^[0-9A-Za-z]{3,32}$/, tokenRule, token),
        encodingAesKey: this.required('FENPAY_PUSH_AES_KEY', /^[0-9A-Za-z]{43}$/, keyRule, encodingAesKey),
      },
    }
  }

  paidMessage(): Pick<MerchantApp, 'paidMessage'> {
    const templateId = this.optional('FENPAY_SUBSCRIBE_TEMPLATE_PAID')
    const text = this.optional('FENPAY_SUBSCRIBE_FIELDS_PAID')
    if (templateId === undefined && text === undefined) return {}
    const idRule = 'the id of a template, letters, digits, - and _'
    const fields = readMessageFields(text ?? '')
    if (fields === undefined) {
      const example = '{"character_string1":"order_number","amount2":"total"}'
      this.problems.push(
        `FENPAY_SUBSCRIBE_FIELDS_PAID is no JSON such as ${example}; it takes ${messageFacts.join(', ')}`,
      )
    }
    return {
      paidMessage: {
        templateId: this.required('FENPAY_SUBSCRIBE_TEMPLATE_PAID', /^[A-Za-z0-9_-]{1,64}$/, idRule, templateId),
        fields: fields ?? {},
      },
    }
  }

  metricsToken(): string | undefined {
    const token = this.secret('FENPAY_METRICS_TOKEN')
    const rule = '16 to 128 letters, digits, - and _'
    return token && this.required('FENPAY_METRICS_TOKEN', /^[0-9A-Za-z_-]{16,128}$/, rule, token)
  }

  certificate(needed: boolean): MerchantKeys['certificate'] {
    const serialNo = this.optional('FENPAY_MERCHANT_SERIAL_NO')
    const privateKeyPem = this.secret('FENPAY_MERCHANT_PRIVATE_KEY')
    const certificatePem = this.secret('FENPAY_MERCHANT_CERTIFICATE')
    if (serialNo === undefined && privateKeyPem === undefined && certificatePem === undefined && !needed)
      return undefined
    if (certificatePem !== undefined && !isCertificate(certificatePem))
      this.problems.push('FENPAY_MERCHANT_CERTIFICATE is no certificate in PEM; it is the file apiclient_cert.pem')
    try {
      if (privateKeyPem !== undefined && createPrivateKey(privateKeyPem).asymmetricKeyType !== 'rsa')
        throw new Error('not RSA')
    } catch {
      this.problems.push('FENPAY_MERCHANT_PRIVATE_KEY is no RSA private key in PEM; it is the file apiclient_key.pem')
    }
    if (privateKeyPem === undefined)
      this.problems.push('FENPAY_MERCHANT_PRIVATE_KEY is missing; it is the file apiclient_key.pem')
    const rule = 'the serial number of your API certificate, upper-case hex'
    return {
      serialNo: this.required('FENPAY_MERCHANT_SERIAL_NO', /^[0-9A-F]{8,64}$/, rule, serialNo),
      privateKeyPem: privateKeyPem ?? '',
      ...(certificatePem === undefined ? {} : { certificatePem }),
    }
  }

  wechatpayPublicKeys(): { id: string; publicKeyPem: string }[] {
    const id = this.optional('FENPAY_WECHATPAY_PUBLIC_KEY_ID')
    const publicKeyPem = this.secret('FENPAY_WECHATPAY_PUBLIC_KEY')
    if (id === undefined && publicKeyPem === undefined) return []
    try {
      createPublicKey(publicKeyPem ?? '')
    } catch {
      this.problems.push('FENPAY_WECHATPAY_PUBLIC_KEY is no public key in PEM; it is the file pub_key.pem')
    }
    const rule = 'the id of the WeChat Pay public key, PUB_KEY_ID_ and digits'
    return [
      {
        id: this.required('FENPAY_WECHATPAY_PUBLIC_KEY_ID', /^PUB_KEY_ID_[0-9]+$/, rule, id),
        publicKeyPem: publicKeyPem ?? '',
      },
    ]
  }

  /** F80: a simulated WeChat, a generated key or a private address have no place in production. */
  requireProduction(config: Omit<Config, 'warnings'>) {
    if (config.wechatUrl !== undefined || config.wechatSecure !== undefined)
      this.problems.push(
        'FENPAY_WECHAT_URL and FENPAY_WECHAT_SECURE_URL name a simulated WeChat; in production they must not be set',
      )
    if (config.webhookAllowLoopback) this.problems.push(loopbackInProduction)
    if (config.masterKey === undefined)
      this.problems.push('FENPAY_MASTER_KEY is missing; in production it is never generated')
    if (config.publicUrl === undefined || !config.publicUrl.startsWith('https://')) {
      this.problems.push('FENPAY_PUBLIC_URL must be the https address under which WeChat reaches this server')
    }
  }
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).serialNumber !== ''
  } catch {
    return false
  }
}

/** The facts that fill the keys of a template; undefined when the text is something else. */
function readMessageFields(text: string): Record<string, MessageFact> | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const entries = Object.entries(value).map(([key, name]) => {
    const fact = messageFacts.find((known) => known === name)
    return fact !== undefined && /^[a-z]+(?:_[a-z]+)*[0-9]{1,4}$/.test(key) ? ([key, fact] as const) : undefined
  })
  const known = entries.filter((entry) => entry !== undefined)
  return known.length === entries.length && known.length > 0 ? Object.fromEntries(known) : undefined
}

function quote(text: string): string {
  return JSON.stringify(text)
}
