/** What the documents say about the code, checked against the code. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { errorCatalogue } from '@fenpay/contract'
import { readConfig } from '@fenpay/server'
import { orderSchema } from '../packages/contract/src/schemas.ts'
import { bare, codeBlocks, headings, inlineCode, links, read, root, rows } from './support/documents.ts'

const pages = globSync(['*.md', 'docs/**/*.md', 'packages/*/README.md'], { cwd: root }).sort()

/** A heading's anchor, as code hosts make it. */
function anchor(heading: string): string {
  const words = heading.replace(/^#+ /, '').toLowerCase()
  return words.replace(/[^\p{L}\p{N}\p{M} _-]/gu, '').replaceAll(' ', '-')
}

test('every link between the documents leads to a file, and to a heading of it', () => {
  const broken = pages.flatMap((page) =>
    links(read(page))
      .filter((target) => !/^(https?|mailto):/.test(target))
      .filter((target) => {
        const [path = '', fragment] = target.split('#')
        const file = path === '' ? page : join(dirname(page), path)
        if (!existsSync(join(root, file))) return true
        return fragment !== undefined && !headings(read(file)).map(anchor).includes(fragment)
      })
      .map((target) => `${page}: ${target}`),
  )
  assert.deepEqual(broken, [])
})

test('every file that a document names in code is there', () => {
  const isPath = (code: string) =>
    /^(apps|packages|docs|scripts|tests)\/[\w./-]+$|^[\w.-]+\/[\w./-]+\.(ts|sql|json|md)$/.test(code)
  const missing = pages.flatMap((page) =>
    inlineCode(read(page))
      .filter((code) => isPath(code) && !existsSync(join(root, code)) && !existsSync(join(root, dirname(page), code)))
      .map((code) => `${page}: ${code}`),
  )
  assert.deepEqual(missing, [])
})

test('every npm command that a document names is a script', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
  const unknown = pages.flatMap((page) =>
    [...read(page).matchAll(/\bnpm (?:run ([\w:-]+)|(start|test)\b)/g)]
      .filter(([, script, short]) => scripts[script ?? short ?? ''] === undefined)
      .map(([command]) => `${page}: ${command}`),
  )
  assert.deepEqual(unknown, [])
  const listed = new Set(
    rows(read('CONTRIBUTING.md'), '## Commands').map(([cell]) => /npm (?:run )?(\w[\w-]*)/.exec(cell ?? '')?.[1]),
  )
  assert.deepEqual([...listed].sort(), Object.keys(scripts).sort(), 'the commands of CONTRIBUTING.md')
})

test('no document holds a path of one machine', () => {
  const found = pages.filter((page) => /(?<![\w.])\/(home|Users|root|work|tmp)\/\w|\b[A-Z]:\\/.test(read(page)))
  assert.deepEqual(found, [])
})

test('both READMEs have the same sections, commands, pictures and links', () => {
  const english = read('README.md')
  const chinese = read('README.zh-CN.md')
  const levels = (text: string) => headings(text).map((heading) => heading.indexOf(' '))
  assert.deepEqual(levels(chinese), levels(english))
  for (const language of ['sh', '', 'json']) {
    assert.deepEqual(codeBlocks(chinese, language), codeBlocks(english, language))
  }
  const arrows = (text: string) => (codeBlocks(text, 'mermaid')[0] ?? '').match(/\w-{1,2}>>\w/g) ?? []
  assert.ok(arrows(english).length > 10)
  assert.deepEqual(arrows(chinese), arrows(english))
  const targets = (text: string) => links(text).filter((target) => !target.startsWith('README'))
  assert.deepEqual(targets(chinese), targets(english))
})

test('the order that the READMEs show has what the API answers: all that is always there, and nothing else', () => {
  const order = codeBlocks(read('README.md'), 'json')
    .map((code) => JSON.parse(code ?? '') as Record<string, unknown>)
    .find((shown) => 'order_number' in shown)
  const known = Object.keys(orderSchema.properties)
  assert.deepEqual(
    orderSchema.required.filter((name) => order?.[name] === undefined),
    [],
  )
  assert.deepEqual(
    Object.keys(order ?? {}).filter((name) => !known.includes(name)),
    [],
  )
})

test('the table of errors is the catalogue', () => {
  const catalogue = Object.entries(errorCatalogue).map(([code, { status, title, advice }]) => [
    `\`${code}\``,
    String(status),
    title,
    advice,
  ])
  assert.deepEqual(rows(read('docs/errors.md')), catalogue)
})

/** A merchant for whom nothing but the required variables is given. */
function leastEnvironment(): Record<string, string> {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    FENPAY_MCHID: '1900000109',
    FENPAY_API_V3_KEY: '0123456789abcdef0123456789abcdef',
    FENPAY_MERCHANT_SERIAL_NO: '5157F09EFDC096DE15EBE81A47057A7232F1B8E1',
    FENPAY_MERCHANT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    FENPAY_APPID: 'wx0123456789abcdef',
    FENPAY_APP_SECRET: '0123456789abcdef0123456789abcdef',
  }
}

/** The names that the server asks its environment for. */
function namesRead(): Set<string> {
  const names = new Set<string>()
  const spy = new Proxy(leastEnvironment(), {
    get(env, name) {
      names.add(String(name))
      return env[String(name)]
    },
  })
  readConfig(spy)
  return names
}

const configuration = read('docs/configuration.md')
const serverRows = [
  ...rows(configuration, '## WeChat: the merchant').map(([name, , fallback, , secret]) => ({ name, fallback, secret })),
  ...rows(configuration, '## The server').map(([name, , fallback, , secret]) => ({ name, fallback, secret })),
]

test('the table of variables names those that the server reads, and which of them may be files', () => {
  const names = [...namesRead()]
  const fromFile = new Set(names.filter((name) => name.endsWith('_FILE') && names.includes(name.replace(/_FILE$/, ''))))
  assert.deepEqual(serverRows.map(({ name }) => bare(name)).sort(), names.filter((name) => !fromFile.has(name)).sort())
  assert.deepEqual(
    serverRows
      .filter(({ secret }) => /^yes$|_FILE/.test(secret ?? ''))
      .map(({ name }) => `${bare(name)}_FILE`)
      .sort(),
    [...fromFile].sort(),
  )
})

test('the defaults in the table of variables are those of the code', () => {
  const documented = serverRows.flatMap(({ name, fallback = '' }) =>
    /^`[^`]+`$/.test(fallback) ? [[bare(name), bare(fallback)] as const] : [],
  )
  assert.ok(documented.length > 8)
  const least = leastEnvironment()
  assert.deepEqual(readConfig({ ...least, ...Object.fromEntries(documented) }), readConfig(least))
})

test('the .env of the READMEs is a configuration for production', () => {
  const [example = ''] = codeBlocks(read('README.md'), 'sh').filter((code) => code?.includes('FENPAY_MCHID'))
  const lines = example.trim().split('\n')
  const env = Object.fromEntries(lines.map((line) => line.split('=') as [string, string]))
  const least = leastEnvironment()
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const files = new Map([
    ['/etc/fenpay/api_v3_key', least['FENPAY_API_V3_KEY']],
    ['/etc/fenpay/apiclient_key.pem', least['FENPAY_MERCHANT_PRIVATE_KEY']],
    ['/etc/fenpay/pub_key.pem', publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['/etc/fenpay/app_secret', least['FENPAY_APP_SECRET']],
    ['/etc/fenpay/master_key', Buffer.alloc(32).toString('base64')],
  ])
  const config = readConfig({ ...env, NODE_ENV: 'production' }, (path) => {
    const text = files.get(path)
    assert.ok(text !== undefined, `no file ${path}`)
    return text
  })
  assert.equal(config.wechatUrl, undefined)
  assert.equal(config.merchant.keys.wechatpayPublicKeys.length, 1)
  assert.equal(config.catalogueFile, env['FENPAY_CATALOGUE_FILE'])
})

test('the table of npm start names the variables that it reads', () => {
  const source = read('scripts/start.ts')
  const names = [...source.matchAll(/(?:env\[|port\()'([A-Z][A-Z0-9_]+)'/g)].map(([, name]) => name)
  const table = rows(configuration, '## `npm start`')
  assert.deepEqual(table.map(([name]) => bare(name)).sort(), [...new Set(names)].sort())
  for (const [name, , fallback] of table) {
    assert.ok(
      source.includes(`'${bare(name)}'`) && new RegExp(`\\b${bare(fallback)}\\b|'${bare(fallback)}'`).test(source),
    )
  }
})

test('the tables of dependencies are those of the package.json files', () => {
  type Manifest = Record<
    'dependencies' | 'optionalDependencies' | 'devDependencies',
    Record<string, string> | undefined
  >
  const workspaces = ['.', 'tests', ...globSync(['apps/*', 'packages/*'], { cwd: root })]
  const declared = (...fields: (keyof Manifest)[]) =>
    workspaces.flatMap((workspace) => {
      const manifest = JSON.parse(read(join(workspace, 'package.json'))) as Manifest
      const names = fields.flatMap((field) => Object.keys(manifest[field] ?? {}))
      return names.filter((name) => !name.startsWith('@fenpay/')).map((name) => `${workspace} ${name}`)
    })
  const documented = (heading: string) =>
    rows(read('docs/dependencies.md'), heading).map(([workspace, name]) => `${bare(workspace)} ${bare(name)}`)
  assert.deepEqual(documented('## In production').sort(), declared('dependencies', 'optionalDependencies').sort())
  assert.deepEqual(documented('## In development').sort(), declared('devDependencies').sort())
})

test('the architecture fits on two screens and lists every table of the database', () => {
  const text = read('docs/architecture.md')
  assert.ok(text.split('\n').length <= 121, 'docs/architecture.md has more than 120 lines')
  const migrations = globSync('apps/server/src/storage/migrations/*.sql', { cwd: root }).map(read).join('\n')
  const tables = [...migrations.matchAll(/^create table (\w+)/gm)].map(([, name]) => name)
  assert.deepEqual(
    rows(text, '## The database')
      .map(([name]) => bare(name))
      .sort(),
    tables.sort(),
  )
})

test('every decision is in the index, and says context, choice and cost', () => {
  const files = globSync('docs/decisions/[0-9]*.md', { cwd: root }).sort()
  assert.deepEqual(
    links(read('docs/decisions/README.md')).map((target) => `docs/decisions/${target}`),
    files,
  )
  for (const file of files) {
    const [title = '', ...sections] = headings(read(file))
    assert.match(title, new RegExp(`^# ${/[0-9]{4}/.exec(file)?.[0]} `), file)
    assert.deepEqual(sections, ['## Context', '## Choice', '## Cost'], file)
  }
})

/** A table of the database, the column with its states, and the glossary's word for what it holds. */
const stateful = [
  ['orders', 'status', 'order'],
  ['attempts', 'status', 'attempt'],
  ['notify_inbox', 'verdict', 'inbox'],
  ['refunds', 'status', 'refund'],
  ['refund_requests', 'status', 'refund request'],
  ['shipments', 'status', 'shipment'],
  ['outbox', 'status', 'outbox'],
  ['webhook_endpoints', 'status', 'webhook'],
] as const

test('the glossary has every state of ours, with its Chinese name', () => {
  const migrations = globSync('apps/server/src/storage/migrations/*.sql', { cwd: root }).map(read).join('\n')
  const states = stateful.flatMap(([table, column, word]) => {
    const columns = new RegExp(`^create table ${table} \\(\\n([\\s\\S]*?)\\n\\);`, 'm').exec(migrations)?.[1] ?? ''
    const list = new RegExp(`${column} in \\(([^)]*)\\)`).exec(columns)?.[1] ?? ''
    assert.notEqual(list, '', `${table}.${column} has no list of states`)
    return [...list.matchAll(/'(\w+)'/g)].map(([, state]) => `${word} ${state}`)
  })
  const documented = rows(read('docs/glossary.md'), '## Our states')
  assert.deepEqual(documented.map(([of, state]) => `${of} ${bare(state)}`).sort(), states.sort())
  for (const [, state, chinese = ''] of documented) assert.match(chinese, /\p{Script=Han}/u, state)
})
