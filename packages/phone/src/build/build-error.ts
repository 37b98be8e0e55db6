/** One thing wrong with a mini program's source, where it is, in plain words. */
export interface Problem {
  /** Path inside the mini program, with `:line` where one is known. */
  readonly at: string
  readonly message: string
}

/** The source cannot be built. `problems` has all of them, not only the first. */
export class BuildError extends Error {
  readonly code = 'BUILD_FAILED'
  readonly problems: readonly Problem[]

  constructor(problems: readonly Problem[]) {
    super(problems.map(({ at, message }) => `${at} ${message}`).join('\n'))
    this.name = 'BuildError'
    this.problems = problems
  }
}
