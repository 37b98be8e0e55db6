import { ApiError, type ErrorCode, type Problem } from '@fenpay/contract'
import type { WxAnswer, WxFailure } from './wx-like.ts'

interface Failure extends Error {
  name: 'FenpayError'
}

/** The server said no: HTTP 4xx and 5xx, or an answer that is not the API's (`unexpected_answer`). */
export interface ApiFailure extends Failure {
  /** A code of the contract's error catalogue. */
  code: ErrorCode | 'unexpected_answer'
  statusCode: number
  /** To be quoted to the operator. */
  requestId: string | undefined
  /** The whole `application/problem+json` body, where there was one. */
  problem: Problem | undefined
  /** What the retry-after header asks for, 0 where it is missing. */
  retryAfterSeconds: number
}

/** There was no answer, so nothing is known: the server may have done the work. */
export interface NetworkFailure extends Failure {
  code: 'network'
  /** WeChat's own text, as `request:fail interrupted`. */
  errMsg: string
  errno: number | undefined
}

/** wx.login gave no code, or the getUserInfo button gave no data: the user said no. */
export interface LoginFailure extends Failure {
  code: 'login_failed'
  /** WeChat's own text, as `login:fail …` or `getUserInfo:fail auth deny`. */
  errMsg: string
  errno: number | undefined
}

/** The calling code is wrong, as a page opened without its order number. Nothing was sent. */
export interface MisuseFailure extends Failure {
  code: 'misuse'
}

/** Everything this library rejects with; `code` tells which. */
export type FenpayError = ApiFailure | NetworkFailure | LoginFailure | MisuseFailure

/** Whether an error is one of {@link FenpayError}; also for one of another copy of this library. */
export function isFenpayError(error: unknown): error is FenpayError {
  return error instanceof Error && error.name === 'FenpayError'
}

/** The HTTP status of the server's no, 0 for any other error. */
export function statusOf(error: unknown): number {
  return isFenpayError(error) && 'statusCode' in error ? error.statusCode : 0
}

export function apiFailure({ statusCode, data, header }: WxAnswer): FenpayError {
  const { code, problem, message } = new ApiError(statusCode, data)
  const name = Object.keys(header).find((key) => key.toLowerCase() === 'retry-after') ?? ''
  // A date is allowed there too, and our server sends none.
  const retryAfterSeconds = Number(header[name]) || 0
  return failure(message, { code, statusCode, requestId: problem?.request_id, problem, retryAfterSeconds })
}

export function wxFailure(code: 'network' | 'login_failed', { errMsg, errno }: WxFailure): FenpayError {
  return failure(`${code}: ${errMsg}`, { code, errMsg, errno })
}

export function misuse(message: string): FenpayError {
  return failure(message, { code: 'misuse' })
}

type Fields<F> = F extends Failure ? Omit<F, keyof Error> : never

/** A plain Error with fields: a class of our own would lose its type when the developer tool compiles to ES5. */
function failure(message: string, fields: Fields<FenpayError>): FenpayError {
  return Object.assign(new Error(message), { name: 'FenpayError' as const }, fields) as FenpayError
}
