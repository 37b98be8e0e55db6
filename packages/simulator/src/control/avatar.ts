import { createHash } from 'node:crypto'
import type { Control, ControlAnswer } from './control.ts'

/** GET /_sim/avatars/:user.svg: a disc in a colour of the name's own, with its first character. */
export function avatar({ pathValue }: Control): ControlAnswer {
  const hue = createHash('sha256').update(pathValue).digest().readUInt16BE() % 360
  const initial = `&#${([...pathValue][0] ?? '?').codePointAt(0)};`
  const body = [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 132 132" width="132" height="132">',
    `<rect width="132" height="132" fill="hsl(${hue} 55% 55%)"/>`,
    `<text x="66" y="66" dy=".35em" text-anchor="middle" font-family="sans-serif" font-size="64" fill="#fff">${initial}</text>`,
    '</svg>',
  ].join('')
  return { body, contentType: 'image/svg+xml' }
}
