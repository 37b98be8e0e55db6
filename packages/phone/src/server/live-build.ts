import { existsSync, type FSWatcher, statSync, watch } from 'node:fs'
import { resolve, sep } from 'node:path'
import { BuildError, type Problem } from '../build/build-error.ts'
import type { BuildResult } from '../build/build-mini-program.ts'

const debounceMs = 80
// Editors and package managers write there without changing the mini program.
const ignored = /(^|[\\/])(node_modules|\.[^\\/]+)([\\/]|$)|~$|\.sw[a-z]$/

/** How a mini program is built. */
export type Build = (options: { folder: string }) => Promise<BuildResult>

/** What a change of the source led to. */
export interface LiveBuildOptions {
  readonly folder: string
  readonly build: Build
  /** Called after each build but the first; `problems` is empty when it went well. */
  readonly onBuild: (problems: readonly Problem[]) => void
}

/** Keeps a mini program built while its source changes. The last good build stays when a newer one fails. */
export class LiveBuild {
  readonly #options: LiveBuildOptions
  readonly #watchers = new Map<string, FSWatcher>()
  #result: BuildResult | undefined
  #problems: readonly Problem[] = []
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> = Promise.resolve()
  #stopped = false

  constructor(options: LiveBuildOptions) {
    this.#options = options
  }

  get result(): BuildResult | undefined {
    return this.#result
  }

  get problems(): readonly Problem[] {
    return this.#problems
  }

  /** Builds once and then watches. A source that cannot be built is no error: it is waited for. */
  async start(): Promise<void> {
    await this.#build()
    this.#watch(this.#options.folder)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers.values()) watcher.close()
    await this.#running
  }

  #watch(path: string): void {
    if (this.#stopped || this.#watchers.has(path) || !existsSync(path)) return
    const recursive = statSync(path).isDirectory()
    const watcher = watch(path, { recursive }, (_event, name) => {
      if (name === null || !ignored.test(name)) this.#rebuildSoon()
    })
    // A folder that is deleted while it is watched; the next build says what is missing.
    watcher.on('error', () => {})
    this.#watchers.set(path, watcher)
  }

  #rebuildSoon(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#running = this.#running.then(async () => {
        if (this.#stopped) return
        await this.#build()
        if (!this.#stopped) this.#options.onBuild(this.#problems)
      })
    }, debounceMs)
  }

  async #build(): Promise<void> {
    const { folder, build } = this.#options
    try {
      this.#result = await build({ folder })
      this.#problems = []
      for (const path of this.#result.watch) {
        if (!resolve(path).startsWith(resolve(folder) + sep)) this.#watch(path)
      }
    } catch (error) {
      this.#problems =
        error instanceof BuildError
          ? error.problems
          : [{ at: folder, message: error instanceof Error ? error.message : String(error) }]
    }
  }
}
