import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Problem } from './build-error.ts'
import { asObject, asText, type Json, type Project, pathInside, readJson } from './project.ts'

/** A page or a component: four files that share a path. */
export interface Unit {
  /** The path of its files below the root, without suffix; WeChat's `is`. */
  readonly id: string
  readonly isPage: boolean
  /** Its json file. */
  readonly config: Json
  /** Tags that its template may use, and the id behind each, with a leading slash. */
  readonly using: Readonly<Record<string, string>>
  /** Tags that its users fill in (`componentGenerics`). */
  readonly generics: Readonly<Record<string, { default?: string } | true>>
  readonly script: string
  readonly template: string
  readonly style: string | undefined
  /** Prefix of its classes, for a component whose style is its own. */
  readonly styleScope: string | undefined
}

/** Every page and every component that one of them names, each once. Problems are added to `problems`. */
export function collectUnits(project: Project, problems: Problem[]): Unit[] {
  const units = new Map<string, Unit>()
  const queue: { id: string; isPage: boolean; from: string }[] = project.pages.map((id) => ({
    id,
    isPage: true,
    from: 'app.json',
  }))
  const resolveAll = (from: string, declared: unknown) => {
    const using: Record<string, string> = {}
    for (const [tag, reference] of Object.entries(asObject(declared))) {
      const id = resolveComponent(project.root, from, String(reference))
      if (id === undefined) {
        problems.push({ at: `${from}.json`, message: `usingComponents: ${tag} names ${reference}, which is not there` })
        continue
      }
      using[tag] = `/${id}`
      queue.push({ id, isPage: false, from: `${from}.json` })
    }
    return using
  }
  const everywhere = resolveAll('app', project.app['usingComponents'])
  for (const { id, isPage, from } of queue) {
    if (units.has(id)) continue
    const files = unitFiles(project.root, id)
    const missing = files.template === undefined ? '.wxml' : files.script === undefined ? '.ts or .js' : undefined
    if (missing !== undefined || files.template === undefined || files.script === undefined) {
      problems.push({ at: from, message: `names ${id}, but ${id}${missing} is missing` })
      continue
    }
    const config = readJson(project.root, `${id}.json`)
    const isolation = config['styleIsolation']
    const scoped = !isPage && isolation !== 'shared' && isolation !== 'page-shared'
    units.set(id, {
      id,
      isPage,
      config,
      using: { ...everywhere, ...resolveAll(id, config['usingComponents']) },
      generics: resolveGenerics(config, (reference) => resolveAll(id, { generic: reference })['generic']),
      script: files.script,
      template: files.template,
      style: files.style,
      styleScope: scoped ? `c${units.size.toString(36)}` : undefined,
    })
  }
  return [...units.values()]
}

function resolveGenerics(config: Json, resolveOne: (reference: string) => string | undefined): Unit['generics'] {
  const generics: Record<string, { default?: string } | true> = {}
  for (const [name, value] of Object.entries(asObject(config['componentGenerics']))) {
    const reference = asText(asObject(value)['default'])
    const target = reference === undefined ? undefined : resolveOne(reference)
    generics[name] = target === undefined ? true : { default: target }
  }
  return generics
}

function unitFiles(root: string, id: string) {
  const find = (...suffixes: string[]) =>
    suffixes.map((suffix) => join(root, id + suffix)).find((path) => existsSync(path))
  return { script: find('.ts', '.js'), template: find('.wxml'), style: find('.wxss') }
}

/** WeChat's order: absolute below the root, relative to the naming file, then miniprogram_npm. */
function resolveComponent(root: string, from: string, reference: string): string | undefined {
  const candidates = reference.startsWith('/')
    ? [join(root, reference)]
    : [join(root, dirname(from), reference), join(root, 'miniprogram_npm', reference), join(root, reference)]
  const withIndex = candidates.flatMap((path) => [path, join(path, 'index')])
  const found = withIndex.find((path) => existsSync(`${path}.wxml`) || existsSync(`${path}.json`))
  return found === undefined ? undefined : pathInside(root, found)
}
