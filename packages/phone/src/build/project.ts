import { existsSync, readFileSync } from 'node:fs'
import { join, relative, resolve, sep } from 'node:path'
import { BuildError, type Problem } from './build-error.ts'

export type Json = Readonly<Record<string, unknown>>

/** A native mini program on disk. */
export interface Project {
  /** The folder that holds app.json. */
  readonly root: string
  readonly appid: string
  readonly title: string
  /** app.json. */
  readonly app: Json
  /** theme.json, or an empty object: `{light, dark}` with the variables that app.json and page files name by `@`. */
  readonly theme: Json
  /** Page paths in order, those of subpackages included, without a leading slash. */
  readonly pages: readonly string[]
}

/** Reads project.config.json and app.json. Throws BuildError when there is no app.json, or it names no page. */
export function readProject(folder: string): Project {
  const top = resolve(folder)
  const config = { ...readJson(top, 'project.config.json'), ...readJson(top, 'project.private.config.json') }
  const root = resolve(top, asText(config['miniprogramRoot']) ?? '.')
  if (!existsSync(join(root, 'app.json'))) {
    throw new BuildError([{ at: 'app.json', message: `is missing in ${root}: this is no native mini program` }])
  }
  const app = readJson(root, 'app.json')
  const window = asObject(app['window'])
  const pages = [...asTexts(app['pages']), ...pagesOfSubpackages(app)]
  if (pages.length === 0) throw new BuildError([{ at: 'app.json', message: 'names no page in "pages"' }])
  const problems = checkTabs(app, pages)
  if (problems.length > 0) throw new BuildError(problems)
  return {
    root,
    appid: asText(config['appid']) ?? 'touristappid',
    title: asText(window['navigationBarTitleText']) ?? asText(config['projectname']) ?? '小程序',
    app,
    theme: readJson(root, asText(app['themeLocation']) ?? 'theme.json'),
    pages,
  }
}

function pagesOfSubpackages(app: Json): string[] {
  const packages = asList(app['subPackages'] ?? app['subpackages']).map(asObject)
  return packages.flatMap((one) =>
    asTexts(one['pages']).map((page) => `${(asText(one['root']) ?? '').replace(/^\/|\/$/g, '')}/${page}`),
  )
}

function checkTabs(app: Json, pages: readonly string[]): Problem[] {
  const tabs = asList(asObject(app['tabBar'])['list']).map((tab) => asText(asObject(tab)['pagePath']) ?? '')
  return tabs
    .filter((path) => !pages.includes(path))
    .map((path) => ({ at: 'app.json', message: `tabBar names ${path}, which is not in "pages"` }))
}

/** A JSON file of the mini program as an object; an empty one when there is no such file. Throws BuildError. */
export function readJson(root: string, file: string): Json {
  const path = join(root, file)
  if (!existsSync(path)) return {}
  try {
    return asObject(JSON.parse(readFileSync(path, 'utf8').replace(/^\uFEFF/, '')))
  } catch (error) {
    throw new BuildError([{ at: file, message: `is not JSON: ${error instanceof Error ? error.message : error}` }])
  }
}

/** A path below the mini program's root with forward slashes, as WeChat writes them. */
export const pathInside = (root: string, path: string): string => relative(root, path).split(sep).join('/')

export const asObject = (value: unknown): Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {}
export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
export const asText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined
export const asTexts = (value: unknown): string[] => asList(value).filter((one) => typeof one === 'string')
