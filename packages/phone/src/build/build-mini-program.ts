import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { collectAssets } from './assets.ts'
import { BuildError, type Problem } from './build-error.ts'
import { bundleScript, namedInside, runtimeFolder } from './bundle.ts'
import { collectUnits, type Unit } from './components.ts'
import { type Project, readProject } from './project.ts'
import { checkCalls } from './sources.ts'
import { compileStyle } from './styles.ts'
import { compileTemplates } from './templates.ts'

/** A mini program built for the phone's screen. */
export interface BuildResult {
  /**
   * What the screen loads, by path below its own address: `index.html`, `app.css`, `app.js` (the runtime and the mini
   * program), and the mini program's images and other assets. `config.js`, which index.html loads first, is the
   * server's: `window.__phone = {appid, user, title}`.
   */
  readonly files: ReadonlyMap<string, Uint8Array>
  readonly appid: string
  /** The mini program's name, from app.json's window title, else project.config.json. */
  readonly title: string
  readonly warnings: readonly string[]
  /** Files and folders to watch: when one changes, build again. */
  readonly watch: readonly string[]
}

/**
 * Builds a native mini program as it lies there: `folder` holds app.json, or a project.config.json whose
 * miniprogramRoot does. `outDir`: also write the files there. Throws BuildError with all problems that were found:
 * missing files, broken JSON, WXML, WXSS, WXS and scripts, unknown tags, `wx` calls that the phone does not have.
 */
export async function buildMiniProgram(options: { folder: string; outDir?: string }): Promise<BuildResult> {
  const project = readProject(options.folder)
  const problems: Problem[] = []
  const units = collectUnits(project, problems)
  const templates = await compileTemplates(project.root, units, problems)
  const css = compileStyles(project, units, problems)
  const bundle = await bundleScript(project, units, templates).catch((error: unknown) => {
    if (!(error instanceof BuildError)) throw error
    problems.push(...error.problems)
  })
  const asked = (bundle?.sources ?? []).flatMap((path) => checkCalls(namedInside(project, path), path, problems))
  if (problems.length > 0 || !bundle) throw new BuildError(problems)

  const files = collectAssets(project.root)
  files.set('index.html', readFileSync(join(runtimeFolder, 'index.html')))
  files.set('app.css', Buffer.from(css))
  // Before the bundle, on its first line, so that the source map stays right.
  const names = `globalThis.__askedOfWx=${JSON.stringify([...new Set(asked)])};`
  files.set('app.js', Buffer.concat([Buffer.from(names), bundle.code]))
  if (options.outDir !== undefined) write(resolve(options.outDir), files)
  const outside = bundle.sources.filter((path) => namedInside(project, path).startsWith('..'))
  const watch = [...new Set([resolve(options.folder), project.root, ...outside])]
  return { files, appid: project.appid, title: project.title, warnings: bundle.warnings, watch }
}

/** The phone's own style sheets first, then the app's, then each page's and component's. */
function compileStyles(project: Project, units: readonly Unit[], problems: Problem[]): string {
  const folder = join(runtimeFolder, 'style')
  const own = readdirSync(folder)
    .filter((name) => name.endsWith('.css'))
    .sort()
    .map((name) => readFileSync(join(folder, name), 'utf8'))
  const app = readdirSync(project.root).includes('app.wxss')
    ? [compileStyle(project.root, join(project.root, 'app.wxss'), {}, problems)]
    : []
  const others = units.flatMap((unit) =>
    unit.style === undefined
      ? []
      : [
          compileStyle(
            project.root,
            unit.style,
            unit.isPage ? { page: unit.id } : { scope: unit.styleScope },
            problems,
          ),
        ],
  )
  return [...own, ...app, ...others].join('\n')
}

function write(folder: string, files: ReadonlyMap<string, Uint8Array>): void {
  for (const [path, content] of files) {
    const target = join(folder, path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, content)
  }
}
