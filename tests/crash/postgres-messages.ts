/** As much of PostgreSQL's protocol 3 as is needed to read along between a client and its database. */

/** Reads the database's answers: for each request that is answered, whether it changed anything. */
export class AnswerReader {
  #pending = Buffer.alloc(0)
  #changed = false

  read(data: Buffer): boolean[] {
    const ready: boolean[] = []
    this.#pending = Buffer.concat([this.#pending, data])
    for (;;) {
      if (this.#pending.length < 5) return ready
      const end = 1 + this.#pending.readInt32BE(1)
      if (this.#pending.length < end) return ready
      const type = String.fromCharCode(this.#pending[0] ?? 0)
      // CommandComplete says `UPDATE 3`; ReadyForQuery ends the answer.
      const tag = type === 'C' ? this.#pending.subarray(5, end - 1).toString('latin1') : ''
      if (type === 'C') this.#changed = !/ 0$|^ROLLBACK$/.test(tag)
      if (type === 'Z') {
        ready.push(this.#changed)
        this.#changed = false
      }
      this.#pending = this.#pending.subarray(end)
    }
  }
}

/** A message of a client's. */
interface SentMessage {
  bytes: Buffer
  /** The statement that it executes. */
  text: string | undefined
  /** What it makes last, when it is a write of its own or the commit of some: their names. */
  write: string | undefined
  endsRequest: boolean
}

/** Cuts what a client sends into messages, and tells what each executes and which of them makes a write last. */
export class StatementReader {
  #pending = Buffer.alloc(0)
  #started = false
  #inTransaction = false
  #who = ''
  readonly #texts = new Map<string, string>()
  readonly #writes = new Set<string>()

  read(data: Buffer): SentMessage[] {
    const messages: SentMessage[] = []
    this.#pending = Buffer.concat([this.#pending, data])
    for (;;) {
      // Only the very first message has no type before its length.
      const lengthAt = this.#started ? 1 : 0
      if (this.#pending.length < lengthAt + 4) return messages
      const end = lengthAt + this.#pending.readInt32BE(lengthAt)
      if (this.#pending.length < end) return messages
      const bytes = this.#pending.subarray(0, end)
      this.#pending = this.#pending.subarray(end)
      if (!this.#started) this.#who = prefixOf(bytes)
      const text = this.#started ? this.#executedText(bytes) : undefined
      const endsRequest = !this.#started || /[QS]/.test(String.fromCharCode(bytes[0] ?? 0))
      this.#started = true
      const write = text === undefined ? undefined : this.#writeOf(text)
      messages.push({ bytes, text, write: write === undefined ? undefined : this.#who + write, endsRequest })
    }
  }

  /** The text that a message executes: a simple query, or the binding of a statement that was parsed before. */
  #executedText(bytes: Buffer): string | undefined {
    const type = String.fromCharCode(bytes[0] ?? 0)
    const [first = '', second = ''] = bytes.subarray(5).toString('latin1').split('\0', 2)
    if (type === 'P') this.#texts.set(first, second)
    if (type === 'B') return this.#texts.get(second)
    return type === 'Q' ? first : undefined
  }

  #writeOf(text: string): string | undefined {
    const word = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase()
    if (word === 'begin' || word === 'rollback') {
      this.#inTransaction = word === 'begin'
      this.#writes.clear()
      return undefined
    }
    if (word === 'commit') {
      const writes = [...this.#writes].join(', ')
      this.#inTransaction = false
      this.#writes.clear()
      return writes === '' ? undefined : writes
    }
    const [, verb = '', table] =
      /\b(insert into|delete from) (\w+)/.exec(text) ?? /\b(update) (\w+)(?: \w+)?\s+set\b/.exec(text) ?? []
    if (table === undefined) return undefined
    const name = `${verb.split(' ')[0]} ${table}`
    if (!this.#inTransaction) return name + columnsOf(text)
    this.#writes.add(name)
    return undefined
  }
}

/** What tells one update of a table from another: ` (next_check_at, check_count)`. */
function columnsOf(text: string): string {
  const set = /\bset\b(.*?)(?:\bfrom\b|\bwhere\b|$)/s.exec(text)?.[1] ?? ''
  const columns = [...set.matchAll(/(?:^|,)\s*(\w+)\s*=/g)].map(([, column]) => column)
  return columns.length === 0 ? '' : ` (${columns.join(', ')})`
}

/** Which of our programs' connections it is, by the name in its first message; none for the server's own. */
function prefixOf(startup: Buffer): string {
  const words = startup.subarray(8).toString('latin1').split('\0')
  const name = words[words.indexOf('application_name') + 1] ?? ''
  return name === 'fenpay' ? '' : `${name.replace(/^fenpay /, '')}: `
}
