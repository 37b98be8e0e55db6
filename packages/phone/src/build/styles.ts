import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import postcss, { type AtRule, CssSyntaxError, type Root, type Rule } from 'postcss'
import selectorParser from 'postcss-selector-parser'
import type { Problem } from './build-error.ts'
import { isBuiltInTag } from './built-in-tags.ts'
import { pathInside } from './project.ts'

/** Whose style it is: a component's classes get `scope` as a prefix, a page's selectors match below that page only. */
export interface StyleOwner {
  readonly scope?: string | undefined
  readonly page?: string | undefined
}

/** WXSS to CSS: imports inlined, rpx, built-in tags, `page`, `:host`, safe areas, dark mode by the phone's setting. */
export function compileStyle(root: string, file: string, owner: StyleOwner, problems: Problem[]): string {
  try {
    const css = inlineImports(root, file, new Set(), problems)
    css.walkDecls((declaration) => {
      declaration.value = adaptValue(root, file, declaration.value)
    })
    css.walkRules((rule) => adaptRule(rule, owner))
    // The theme stands on the screen, above every page: its selector comes before the page's.
    css.walkAtRules('media', adaptMedia)
    return css.toString()
  } catch (error) {
    if (!(error instanceof CssSyntaxError)) throw error
    problems.push({ at: `${pathInside(root, error.file ?? file)}:${error.line ?? 1}`, message: error.reason })
    return ''
  }
}

function inlineImports(root: string, file: string, seen: Set<string>, problems: Problem[]): Root {
  seen.add(file)
  const css = postcss.parse(readFileSync(file, 'utf8').replace(/^\uFEFF/, ''), { from: file })
  css.walkAtRules('import', (rule) => {
    const reference = /['"]([^'"]+)['"]/.exec(rule.params)?.[1] ?? ''
    const target = reference.startsWith('/') ? join(root, reference) : join(dirname(file), reference)
    if (!existsSync(target)) {
      const line = rule.source?.start?.line ?? 1
      problems.push({
        at: `${pathInside(root, file)}:${line}`,
        message: `@import names ${reference}, which is not there`,
      })
    }
    if (seen.has(target) || !existsSync(target)) rule.remove()
    else rule.replaceWith(inlineImports(root, target, seen, problems).nodes)
  })
  return css
}

const number = String.raw`(-?(?:\d+\.)?\d+|-?\.\d+)`

function adaptValue(root: string, file: string, value: string): string {
  return value
    .replace(new RegExp(`${number}rpx\\b`, 'gi'), (_, size: string) => `calc(${size} * var(--rpx))`)
    .replace(/\benv\(\s*(safe-area-inset-\w+)/g, 'var(--$1')
    .replace(/\bconstant\(\s*(safe-area-inset-\w+)/g, 'var(--$1')
    .replace(/url\(\s*(['"]?)([^'")]+)\1\s*\)/g, (whole, quote: string, target: string) => {
      if (/^(data:|https?:|#)/.test(target)) return whole
      const path = target.startsWith('/') ? target.slice(1) : pathInside(root, join(dirname(file), target))
      return `url(${quote}${path}${quote})`
    })
}

const theme = /\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/

/** The theme is the phone's setting, not the browser's: it becomes an attribute of the screen. */
function adaptMedia(media: AtRule): void {
  media.params = media.params.replace(new RegExp(`${number}rpx\\b`, 'gi'), (_, size: string) => `${Number(size) / 2}px`)
  const name = theme.exec(media.params)?.[1]
  if (name === undefined) return
  media.walkRules((rule) => {
    rule.selectors = rule.selectors.map((selector) => `:where([data-theme="${name}"]) ${selector}`)
  })
  const others = media.params
    .replace(theme, '')
    .replace(/^\s*and\s+|\s+and\s*$/g, '')
    .trim()
  if (others === '' || others === 'screen') media.replaceWith(media.nodes ?? [])
  else media.params = others
}

function adaptRule(rule: Rule, { scope, page }: StyleOwner): void {
  if (rule.parent?.type === 'atrule' && (rule.parent as AtRule).name.endsWith('keyframes')) return
  rule.selector = selectorParser((selectors) => {
    selectors.each((selector) => {
      selector.walk((node) => {
        if (node.type === 'tag' && node.value === 'page') {
          node.replaceWith(selectorParser.tag({ value: 'wx-page' }))
        } else if (node.type === 'tag' && isBuiltInTag(node.value)) {
          node.value = `wx-${node.value}`
        } else if (node.type === 'class' && scope !== undefined) {
          node.value = `${scope}--${node.value}`
        } else if (node.type === 'pseudo' && node.value === ':host' && scope !== undefined) {
          node.replaceWith(
            selectorParser.attribute({ attribute: 'wx-host', operator: '=', value: scope, quoteMark: '"', raws: {} }),
          )
        }
      })
      if (page === undefined) return
      selector.prepend(selectorParser.combinator({ value: ' ' }))
      selector.prepend(selectorParser.pseudo({ value: `:where([mp-page="${page}"])` }))
    })
  }).processSync(rule.selector)
}
