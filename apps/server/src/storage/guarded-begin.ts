import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Sql, Transaction } from './connect.ts'

type Work<T> = (transaction: Transaction) => T | Promise<T>

/**
 * Makes `begin` survive a connection that is lost inside a transaction. The driver (3.4) then still writes `rollback`, or
 * the next statement, to the socket that is gone, outside any promise: the error ends the whole process. So once the
 * connection is lost the work gets no further statement through, and the driver is not told that the work has ended.
 * `begin` itself rejects with the loss, which is all the caller sees.
 */
export function guardBegin(sql: Sql): Sql {
  const begin = sql.begin
  const guarded = async <T>(...args: [Work<T>] | [string, Work<T>]) => {
    const loss: Loss = { error: undefined }
    const work = args.length === 1 ? args[0] : args[1]
    const options = args.length === 1 ? '' : args[0]
    try {
      return await begin(options, guardWork(work, loss))
    } catch (error) {
      loss.error = error
      throw error
    }
  }
  return Object.assign(sql, { begin: guarded })
}

/** Set when `begin` has rejected: before the work ended, only the loss of the connection makes it do so. */
type Loss = { error: unknown }

function guardWork<T>(work: Work<T>, loss: Loss): (transaction: Transaction) => Promise<T> {
  return async (transaction) => {
    try {
      const result = await work(guardTransaction(transaction, loss))
      return loss.error === undefined ? result : await never<T>()
    } catch (error) {
      // The statement fails first, and `begin` a few microtasks later.
      await nextTurn()
      if (loss.error !== undefined) return never<T>()
      throw error
    }
  }
}

function guardTransaction(transaction: Transaction, loss: Loss): Transaction {
  const refuse = () => {
    if (loss.error !== undefined) throw loss.error
  }
  return new Proxy(transaction, {
    apply(target, self, args) {
      refuse()
      return Reflect.apply(target, self, args)
    },
    get(target, key, receiver) {
      refuse()
      if (key !== 'savepoint') return Reflect.get(target, key, receiver)
      return <T>(...args: [Work<T>] | [string, Work<T>]) =>
        args.length === 1
          ? target.savepoint(guardWork(args[0], loss))
          : target.savepoint(args[0], guardWork(args[1], loss))
    },
  })
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined)
}
