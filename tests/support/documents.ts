/** Reading the project's documents: their headings, links, code and tables. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))
export const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** The text outside of code blocks, where links and paths have a meaning. */
export const prose = (text: string) => text.replace(/^```[\s\S]*?^```$/gm, '')
export const codeBlocks = (text: string, language: string) =>
  [...text.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].filter(([, name]) => name === language).map(([, , code]) => code)
export const links = (text: string) => [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target ?? '')
export const inlineCode = (text: string) => [...prose(text).matchAll(/`([^`\n]+)`/g)].map(([, code]) => code ?? '')
export const headings = (text: string) => prose(text).match(/^#+ .*$/gm) ?? []

/** The rows of the tables under a heading (of the whole page without one), each a list of its cells. */
export function rows(text: string, heading?: string): string[][] {
  const start = heading === undefined ? 0 : text.indexOf(`\n${heading}\n`) + 1
  assert.ok(heading === undefined || start > 0, `there is no heading "${heading}"`)
  const section = heading === undefined ? text : (text.slice(start).split(/\n##+ /)[0] ?? '')
  const lines = section.split('\n').filter((line) => line.startsWith('| '))
  const cells = lines.map((line) => line.slice(2, -2).split(' | '))
  return cells.filter((row, index) => !isRule(row) && !isRule(cells[index + 1]))
}

const isRule = (row: string[] | undefined) => row?.every((cell) => /^-+$/.test(cell)) ?? false
export const bare = (cell: string | undefined) => (cell ?? '').replaceAll('`', '')
