import { existsSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BuildFailure, build } from 'esbuild'
import { BuildError } from './build-error.ts'
import type { Unit } from './components.ts'
import { type Project, pathInside } from './project.ts'

/** The folder of what runs inside the phone's screen; its files are TypeScript or JavaScript, as this one is. */
export const runtimeFolder = fileURLToPath(new URL('../runtime/', import.meta.url))
const phoneFolder = fileURLToPath(new URL('../', import.meta.url))
const bootFile = join(runtimeFolder, `boot${extname(import.meta.url)}`)

/** One script: the phone's runtime, the templates, and the mini program's own code. */
export async function bundleScript(
  project: Project,
  units: readonly Unit[],
  templates: string,
): Promise<{ code: Uint8Array; sources: string[]; warnings: string[] }> {
  const entry = entryOf(project, units, templates)
  const result = await build({
    stdin: { contents: entry, resolveDir: project.root, loader: 'ts', sourcefile: 'mini-program.ts' },
    absWorkingDir: project.root,
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    sourcemap: 'inline',
    sourcesContent: false,
    logLevel: 'silent',
    // The adapter is this package's dependency, wherever the mini program lies.
    nodePaths: [join(project.root, 'miniprogram_npm'), ...modulesAbove(runtimeFolder)],
    define: { 'process.env.NODE_ENV': '"production"' },
  }).catch((error: BuildFailure) => {
    throw new BuildError(
      (error.errors ?? []).map(({ text, location }) => ({
        at: location ? `${location.file}:${location.line}` : 'mini-program.ts',
        message: text,
      })),
    )
  })
  const code = result.outputFiles[0]?.contents ?? new Uint8Array()
  const sources = Object.keys(result.metafile.inputs)
    .map((path) => join(project.root, path))
    .filter((path) => existsSync(path) && !path.startsWith(phoneFolder) && !path.includes('node_modules'))
  const warnings = result.warnings.map(
    ({ text, location }) => `${location?.file ?? ''}:${location?.line ?? ''} ${text}`,
  )
  return { code, sources, warnings }
}

function entryOf(project: Project, units: readonly Unit[], templates: string): string {
  const app = ['.ts', '.js'].map((suffix) => join(project.root, `app${suffix}`)).find((path) => existsSync(path))
  if (app === undefined) throw new BuildError([{ at: 'app.json', message: 'has no app.ts or app.js beside it' }])
  const pages = Object.fromEntries(units.filter((unit) => unit.isPage).map(({ id, config }) => [id, config]))
  const definitions = units.map((unit) => {
    const config = {
      ...unit.config,
      component: !unit.isPage,
      usingComponents: unit.using,
      componentGenerics: unit.generics,
    }
    const scope = unit.styleScope ?? null
    return `define(${JSON.stringify({ id: unit.id, config, scope })}, () => require(${JSON.stringify(unit.script)}))`
  })
  return `
import { boot } from ${JSON.stringify(bootFile)}
boot({
  app: ${JSON.stringify(project.app)},
  theme: ${JSON.stringify(project.theme)},
  pages: ${JSON.stringify(pages)},
  pageOrder: ${JSON.stringify(project.pages)},
  templates: ${templates},
  load(define) {
    require(${JSON.stringify(app)})
    ${definitions.join('\n    ')}
  },
})
`
}

function modulesAbove(folder: string): string[] {
  const parent = dirname(folder)
  const here = join(folder, 'node_modules')
  return [...(existsSync(here) ? [here] : []), ...(parent === folder ? [] : modulesAbove(parent))]
}

/** A source's path as a problem names it. */
export const namedInside = (project: Project, path: string): string => pathInside(project.root, path)
