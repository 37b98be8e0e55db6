import type { PhoneMessage } from './after-payment-records.ts'
import type { Engine } from './engine.ts'
import { alphabets, randomText } from './random.ts'

/** Puts a message on the user's phone. Answers its id. Call inside a transaction. */
export function addPhoneMessage({ books, clock, random }: Engine, message: Omit<PhoneMessage, 'id' | 'atMs'>): string {
  const id = randomText(random, alphabets.digits, 19).replace(/^0/, '1')
  books.messages.put({ ...message, id, atMs: clock.nowMs() })
  return id
}
