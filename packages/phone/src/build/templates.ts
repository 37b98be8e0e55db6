import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, posix } from 'node:path'
import { transform } from 'esbuild'
import type { Problem } from './build-error.ts'
import { isBuiltInTag, templateTags } from './built-in-tags.ts'
import type { Unit } from './components.ts'

// The compiler is CommonJS around WebAssembly.
const { TmplGroup } = createRequire(import.meta.url)(
  'glass-easel-template-compiler',
) as typeof import('glass-easel-template-compiler')

interface Diagnostic {
  readonly path: string
  readonly startLine: number
  readonly message: string
}

/** Templates that the phone's own components are made of. */
export const ownTemplates = { 'wx/slot': '<slot />', 'wx/empty': '' } as const

/**
 * Compiles WXML and WXS into one JavaScript expression: an object of templates by path. A warning of the compiler is a
 * problem too (an unclosed tag is one); so is a tag that nobody defines, about which the compiler says nothing.
 */
export async function compileTemplates(root: string, units: readonly Unit[], problems: Problem[]): Promise<string> {
  const group = new TmplGroup()
  const added = new Set<string>()
  const scripts = new Map<string, string>()

  const addScript = (id: string, from: string): void => {
    const path = id.replace(/\.wxs$/, '')
    if (scripts.has(path)) return
    const file = join(root, `${path}.wxs`)
    if (!existsSync(file)) {
      problems.push({ at: from, message: `names ${path}.wxs, which is not there` })
      return
    }
    const code = readFileSync(file, 'utf8')
    scripts.set(path, code)
    for (const one of requiredScripts(code)) addScript(posix.join(posix.dirname(path), one), `${path}.wxs`)
    // require('./x.wxs') keeps the suffix, <wxs src> drops it.
    for (const name of [path, `${path}.wxs`]) group.addScript(name, withWxsConstructors(code))
  }
  const addTemplate = (id: string, from: string): void => {
    if (added.has(id)) return
    added.add(id)
    const file = join(root, `${id}.wxml`)
    if (!existsSync(file)) {
      problems.push({ at: from, message: `names ${id}.wxml, which is not there` })
      return
    }
    for (const { path, startLine, message } of group.addTmpl(id, readFileSync(file, 'utf8')) as Diagnostic[]) {
      problems.push({ at: `${path}.wxml:${startLine + 1}`, message })
    }
    const at = `${id}.wxml`
    for (const module of group.getInlineScriptModuleNames(id) as string[]) {
      const code = group.getInlineScript(id, module)
      for (const one of requiredScripts(code)) addScript(posix.join(posix.dirname(id), one), at)
      group.setInlineScript(id, module, withWxsConstructors(code))
    }
    for (const script of group.getScriptDependencies(id) as string[]) addScript(script, at)
    for (const template of group.getDirectDependencies(id) as string[]) addTemplate(template, at)
  }

  for (const unit of units) {
    addTemplate(unit.id, `${unit.id}.json`)
    checkTags(root, unit, (id) => group.getDirectDependencies(id) as string[], problems)
  }
  for (const [id, template] of Object.entries(ownTemplates)) group.addTmpl(id, template)
  await checkScripts(scripts, problems)
  const code = problems.length > 0 ? '{}' : group.getTmplGenObjectGroups()
  group.free()
  return code
}

const requiredScripts = (code: string): string[] =>
  [...code.matchAll(/require\(\s*['"]([^'"]+)['"]\s*\)/g)].map((match) => match[1] ?? '')

/** In WXS `x.constructor` is a string such as 'Array'. */
const withWxsConstructors = (code: string): string =>
  code.replace(/([\w$]+(?:\.[\w$]+|\[[^\]]*\])*)\.constructor\b/g, '__wxsConstructor($1)')

async function checkScripts(scripts: ReadonlyMap<string, string>, problems: Problem[]): Promise<void> {
  for (const [path, code] of scripts) {
    await transform(code, { loader: 'js', logLevel: 'silent' }).catch(
      (error: { errors?: { text: string; location: { line: number } | null }[] }) => {
        for (const { text, location } of error.errors ?? []) {
          problems.push({ at: `${path}.wxs:${location?.line ?? 1}`, message: text })
        }
      },
    )
  }
}

function checkTags(root: string, unit: Unit, dependencies: (id: string) => string[], problems: Problem[]): void {
  const seen = new Set<string>()
  const visit = (id: string): void => {
    const file = join(root, `${id}.wxml`)
    if (seen.has(id) || !existsSync(file)) return
    seen.add(id)
    for (const { tag, line } of tagsOf(readFileSync(file, 'utf8'))) {
      if (isBuiltInTag(tag) || templateTags.has(tag) || tag in unit.using || tag in unit.generics) continue
      const at = `${id}.wxml:${line}`
      const message = `<${tag}> is neither a built-in of the phone nor in usingComponents of ${unit.id}.json`
      if (!problems.some((one) => one.at === at && one.message === message)) problems.push({ at, message })
    }
    for (const dependency of dependencies(id)) visit(dependency)
  }
  visit(unit.id)
}

/** The opening tags of a template and their lines; comments, expressions and inline WXS are no markup. */
export function tagsOf(template: string): { tag: string; line: number }[] {
  const blank = (text: string) => text.replace(/[^\n]/g, ' ')
  const markup = template
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(
      /(<wxs\b[^>]*[^/>]>)([\s\S]*?)(<\/wxs>)/g,
      (_, open: string, code: string, close: string) => open + blank(code) + close,
    )
    .replace(/\{\{[\s\S]*?\}\}/g, blank)
  let line = 1
  let last = 0
  return [...markup.matchAll(/<([a-zA-Z][\w-]*)/g)].map((match) => {
    line += markup.slice(last, match.index).split('\n').length - 1
    last = match.index
    return { tag: match[1] ?? '', line }
  })
}
