import type { Engine } from './engine.ts'
import { alphabets, randomText } from './random.ts'
import type { Account, Code, Person } from './records.ts'

const codeLifeMs = 5 * 60_000
// wx.login may replace the session_key, but not before a minimum period that WeChat does not publish.
const sessionKeyRefreshMs = 30 * 60_000

/** The person of that name; first sight makes the person. Call inside a transaction. */
export function meetPerson(engine: Engine, user: string): Person {
  const known = engine.books.people.get(user)
  if (known) return known
  const person: Person = {
    user,
    unionid: `o${randomText(engine.random, alphabets.base64Url, 27)}`,
    phoneNumber: `138${randomText(engine.random, alphabets.digits, 8)}`,
  }
  engine.books.people.put(person)
  return person
}

/** The person's account in an app, made at first sight. Call inside a transaction. */
export function accountOf(engine: Engine, appid: string, user: string): Account {
  meetPerson(engine, user)
  const known = engine.books.accounts.get(appid, user)
  if (known) return known
  const openid = `o${randomText(engine.random, alphabets.base64Url, 27)}`
  const account: Account = { appid, user, openid, ...newSessionKey(engine) }
  engine.books.accounts.put(account)
  return account
}

/** wx.login: a code, and a new session_key if the old one has been in use for half an hour. */
export function logIn(engine: Engine, appid: string, user: string): { code: string; account: Account } {
  return engine.books.transact(() => {
    let account = accountOf(engine, appid, user)
    if (engine.clock.nowMs() - account.sessionKeyAtMs >= sessionKeyRefreshMs) {
      account = { ...account, ...newSessionKey(engine) }
      engine.books.accounts.put(account)
    }
    return { code: issueCode(engine, 'login', appid, user), account }
  })
}

/** The phone-number button: a code of its own kind. */
export function pressPhoneNumberButton(engine: Engine, appid: string, user: string): string {
  return engine.books.transact(() => {
    accountOf(engine, appid, user)
    return issueCode(engine, 'phone', appid, user)
  })
}

/** Replaces the account's session_key; the old one stops decrypting at once. */
export function resetSessionKey(engine: Engine, account: Account): Account {
  const renewed = { ...account, ...newSessionKey(engine) }
  engine.books.transact(() => engine.books.accounts.put(renewed))
  return renewed
}

/** Why a code was refused. `foreign`: another app's, or of the other kind. */
export type CodeRefusal = 'unknown' | 'expired' | 'foreign' | 'used'

/** Uses a code up. Answers who it belongs to, or why it is refused. */
export function redeemCode(engine: Engine, kind: Code['kind'], appid: string, text: string): Account | CodeRefusal {
  const { books, clock } = engine
  const code = books.codes.get(text)
  if (code?.kind !== kind) return 'unknown'
  if (code.appid !== appid) return 'foreign'
  if (clock.nowMs() >= code.expiresAtMs) return 'expired'
  if (code.used) return 'used'
  return books.transact(() => {
    books.codes.put({ ...code, used: true })
    return accountOf(engine, appid, code.user)
  })
}

function issueCode(engine: Engine, kind: Code['kind'], appid: string, user: string): string {
  // Real codes have 32 characters and start with 0.
  const code = `0${randomText(engine.random, alphabets.alphanumeric, 31)}`
  const expiresAtMs = engine.clock.nowMs() + codeLifeMs
  engine.books.codes.put({ code, kind, appid, user, expiresAtMs, used: false })
  return code
}

const newSessionKey = (engine: Engine): Pick<Account, 'sessionKey' | 'sessionKeyAtMs'> => ({
  sessionKey: Buffer.from(engine.random(16)).toString('base64'),
  sessionKeyAtMs: engine.clock.nowMs(),
})
