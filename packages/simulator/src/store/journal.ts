import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
} from 'node:fs'
import { join } from 'node:path'
import { Books, type Change } from '../engine/books.ts'
import { lockDirectory } from './lock.ts'

/** Books on disk. */
export interface Store {
  readonly books: Books
  /** Gives the directory back. */
  close(): void
}

/** Thrown when a journal cannot be read: it was not written by this program, or was changed by hand. */
export class JournalError extends Error {
  readonly code = 'journal_unreadable'
}

/**
 * Opens the books in `directory`, made if it is missing. Each transaction is one line, handed to the system before the
 * transaction returns: a killed process loses nothing that it answered, a machine that loses power may. At start the
 * journal is written anew with current records only. Throws {@link JournalError} and `DirectoryInUseError`.
 */
export function openStore(directory: string, wallNowMs: number): Store {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const unlock = lockDirectory(directory)
  try {
    const path = join(directory, 'books.jsonl')
    let descriptor = -1
    const books = new Books((changes) => appendFileSync(descriptor, `${JSON.stringify(changes)}\n`))
    if (existsSync(path)) replay(books, readFileSync(path, 'utf8'), path)
    compact(books, path, wallNowMs)
    descriptor = openSync(path, 'a', 0o600)
    return {
      books,
      close: () => {
        closeSync(descriptor)
        // A late write must fail, not reach a file that got the same number.
        descriptor = -1
        unlock()
      },
    }
  } catch (error) {
    unlock()
    throw error
  }
}

function replay(books: Books, text: string, path: string): void {
  const lines = text.split('\n')
  // What follows the last line end was being written when the process died: its transaction was never answered.
  lines.pop()
  for (const [index, line] of lines.entries()) {
    try {
      books.restore(JSON.parse(line) as Change[])
    } catch (cause) {
      throw new JournalError(`line ${index + 1} of ${path} cannot be read; move the file away to start afresh`, {
        cause,
      })
    }
  }
}

function compact(books: Books, path: string, wallNowMs: number): void {
  const clock = books.facts.get('clock')
  const nowMs = wallNowMs + (clock?.name === 'clock' ? clock.offsetMs : 0)
  const draft = `${path}.draft`
  const descriptor = openSync(draft, 'w', 0o600)
  for (const change of books.snapshot(nowMs)) appendFileSync(descriptor, `${JSON.stringify([change])}\n`)
  fsyncSync(descriptor)
  closeSync(descriptor)
  renameSync(draft, path)
}
