import { readFileSync } from 'node:fs'
import type { Problem } from './build-error.ts'
import { howToAdd } from './how-to-add.ts'
import { wxNames } from './wx-names.ts'

/**
 * Reads a script for what would only fail when it is reached: a `wx` call that the phone does not have. A call that the
 * script asks about first, by `wx.canIUse('x')` or by testing `wx.x`, is allowed. Returns the names asked about, which
 * are undefined on the phone.
 */
export function checkCalls(at: string, file: string, problems: Problem[]): string[] {
  const text = readFileSync(file, 'utf8')
  const asked = new Set<string>()
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(\/\/|\*|\/\*)/.test(line)) continue
    for (const match of line.matchAll(/(?<![\w$.'"`])wx\??\.([a-zA-Z]\w*)/g)) {
      const name = match[1] ?? ''
      if (wxNames.has(name)) continue
      if (asksFirst(text, name)) asked.add(name)
      else problems.push({ at: `${at}:${index + 1}`, message: `wx.${name} is not on this phone; ${howToAdd}` })
    }
  }
  return [...asked]
}

const asksFirst = (text: string, name: string): boolean =>
  new RegExp(
    `canIUse\\(\\s*['"]${name}|if \\(!?wx\\.${name}\\)|wx\\.${name}(\\?\\.| &&| \\?)|typeof wx\\.${name}\\b`,
  ).test(text)
