/** An expected no of the command line itself: a stable code, what was wrong, what to do. */
export class CliFailure extends Error {
  readonly code: string
  readonly todo: string
  /** 1: refused. 2: wrong use. */
  readonly exitCode: 1 | 2

  constructor(code: string, what: string, todo: string, exitCode: 1 | 2 = 1) {
    super(what)
    this.name = 'CliFailure'
    this.code = code
    this.todo = todo
    this.exitCode = exitCode
  }
}

/** The value of an argument is none. */
export function wrongUse(what: string, todo: string): CliFailure {
  return new CliFailure('wrong_use', what, todo, 2)
}
