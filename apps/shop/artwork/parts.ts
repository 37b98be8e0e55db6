/** Pieces that the pictures of food are put together from: SVG in a square of 240, seen from above. */

/** The same sequence of numbers from 0 to below 1 at each drawing, so that a picture is drawn again as it was. */
export function numbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

const round = (value: number) => String(Math.round(value * 10) / 10)

/** A whole picture on a tile of one colour. */
export function picture(ground: string, content: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 240 240">
<defs>
<radialGradient id="glaze" cx=".38" cy=".3" r=".8"><stop offset="0" stop-color="#fff"/><stop offset="1" stop-color="#e4dccf"/></radialGradient>
<radialGradient id="depth" cx=".5" cy=".5" r=".5"><stop offset=".72" stop-color="#000" stop-opacity="0"/><stop offset="1" stop-color="#000" stop-opacity=".28"/></radialGradient>
<linearGradient id="shine" x1="0" y1="0" x2="0" y2="1"><stop offset="0" stop-color="#fff" stop-opacity=".55"/><stop offset="1" stop-color="#fff" stop-opacity="0"/></linearGradient>
<clipPath id="inside"><circle cx="120" cy="118" r="84"/></clipPath>
</defs>
<rect width="240" height="240" fill="${ground}"/>
${content}
</svg>`
}

/** A bowl filled to the rim; `content` lies inside it. */
export function bowl(broth: string, content: string, rim = 'url(#glaze)'): string {
  return `<ellipse cx="124" cy="134" rx="106" ry="100" fill="#5a3d1e" opacity=".16"/>
<circle cx="120" cy="118" r="104" fill="${rim}"/>
<circle cx="120" cy="118" r="99" fill="none" stroke="#3e6a8a" stroke-width="2.5" stroke-opacity=".5"/>
<circle cx="120" cy="118" r="84" fill="${broth}"/>
<g clip-path="url(#inside)">${content}<circle cx="120" cy="118" r="84" fill="url(#depth)"/></g>
<path d="M52 74A84 84 0 0 1 96 38" fill="none" stroke="#fff" stroke-width="6" stroke-linecap="round" opacity=".55"/>`
}

/** A flat plate. */
export function plate(content: string): string {
  return `<ellipse cx="124" cy="132" rx="104" ry="98" fill="#5a3d1e" opacity=".15"/>
<circle cx="120" cy="118" r="102" fill="url(#glaze)"/>
<circle cx="120" cy="118" r="74" fill="#fff" opacity=".55"/>
<circle cx="120" cy="118" r="74" fill="none" stroke="#cfc5b4" stroke-width="2"/>
${content}`
}

/** Strands that swirl round the bowl in bundles. */
export function noodles(color: string, edge: string, seed: number): string {
  const next = numbers(seed)
  const strands: string[] = []
  for (let bundle = 0; bundle < 7; bundle++) {
    const angle = next() * Math.PI * 2
    const x = 120 + Math.cos(angle) * 34
    const y = 118 + Math.sin(angle) * 34
    const turn = next() * 360
    for (let strand = 0; strand < 7; strand++) {
      const radius = 18 + strand * 7
      const wave = 8 + next() * 6
      const path = `M${round(-radius * 1.3)} ${wave}C${-radius} ${round(-radius)} ${radius} ${round(-radius)} ${round(radius * 1.3)} ${round(-wave / 2)}`
      const at = `transform="translate(${round(x)} ${round(y)}) rotate(${round(turn)})"`
      strands.push(`<path d="${path}" ${at} stroke="${edge}" stroke-width="7"/>`)
      strands.push(`<path d="${path}" ${at} stroke="${color}" stroke-width="4.6"/>`)
    }
  }
  return `<g fill="none" stroke-linecap="round">${strands.join('')}</g>`
}

/** Rings of chopped scallion, strewn over the middle. */
export function scallions(count: number, seed: number, spread = 62): string {
  const next = numbers(seed)
  return Array.from({ length: count }, () => {
    const angle = next() * Math.PI * 2
    const reach = Math.sqrt(next()) * spread
    const x = round(120 + Math.cos(angle) * reach)
    const y = round(118 + Math.sin(angle) * reach)
    const size = round(3.4 + next() * 2)
    const color = next() > 0.4 ? '#5da130' : '#8cc152'
    return `<circle cx="${x}" cy="${y}" r="${size}" fill="#d7ecb4" stroke="${color}" stroke-width="2.6"/>`
  }).join('')
}

/** Places a piece that is drawn round its own middle. */
export function at(x: number, y: number, turn: number, piece: string, scale = 1): string {
  return `<g transform="translate(${x} ${y}) rotate(${turn}) scale(${scale})">${piece}</g>`
}

/** Half a boiled egg. */
export const egg = `<ellipse cx="2" cy="4" rx="31" ry="26" fill="#000" opacity=".15"/>
<ellipse rx="31" ry="26" fill="#fffdf6"/><ellipse rx="29" ry="24" fill="none" stroke="#ece2cc" stroke-width="2"/>
<circle cx="1" cy="1" r="15" fill="#f6a623"/><circle cx="-3" cy="-4" r="6" fill="#ffce5c"/>`

/** A slice of braised beef. */
export const beef = `<path d="M-36-8C-30-26 20-28 34-14 44-2 34 20 12 22-14 26-42 16-36-8Z" fill="#4a2413" opacity=".35" transform="translate(2 5)"/>
<path d="M-36-8C-30-26 20-28 34-14 44-2 34 20 12 22-14 26-42 16-36-8Z" fill="#8c4a2b"/>
<path d="M-30-6C-24-20 18-22 29-11 36-2 28 14 10 16-12 20-34 12-30-6Z" fill="#a65c38"/>
<path d="M-22-2C-8-12 10-12 22-6M-20 7C-4 0 10 4 20 6" fill="none" stroke="#e2b08a" stroke-width="3" stroke-linecap="round"/>`

/** A leaf of bok choy. */
export const greens = `<path d="M-4 34C-14 8-30-2-24-24-16-44 20-44 26-22 30-2 14 8 6 34Z" fill="#3f8f3a"/>
<path d="M0 34C-2 8-2-8 1-28" stroke="#cfe8b0" stroke-width="7" stroke-linecap="round"/>
<path d="M0-6-14-18M1-2 15-16M0 8-10 0M1 10 11 2" stroke="#8cc96f" stroke-width="2.5" stroke-linecap="round"/>`

/** A wedge of tomato. */
export const tomato = `<path d="M-28-6A28 24 0 0 0 28-6C14 4-14 4-28-6Z" fill="#8a1f14" opacity=".3" transform="translate(1 5)"/>
<path d="M-28-8A28 25 0 0 0 28-8C14-18-14-18-28-8Z" fill="#e2402c"/>
<path d="M-20-6A20 16 0 0 0 20-6C10-12-10-12-20-6Z" fill="#f4735a"/>
<path d="M-8-3v6M8-3v6M0 0v7" stroke="#ffd9a0" stroke-width="3.5" stroke-linecap="round"/>`

/** A wonton with the shrimp showing through. */
export const wonton = `<path d="M-30 12C-36-6-18-22 0-22 18-22 36-6 30 12 22 26-22 26-30 12Z" fill="#6b4a26" opacity=".2" transform="translate(2 5)"/>
<path d="M-30 12C-36-6-18-22 0-22 18-22 36-6 30 12 22 26-22 26-30 12Z" fill="#fdf3dd"/>
<path d="M-16 8C-18-6-8-12 2-11 14-10 18 0 15 9 8 16-10 16-16 8Z" fill="#f6b89c"/>
<path d="M-10 4C-8-4 4-6 10 0" fill="none" stroke="#ee8d6d" stroke-width="3" stroke-linecap="round"/>
<path d="M0-22C-4-32-16-34-22-28M0-22C6-32 16-34 22-27M-24-8C-18-12-16-12-12-16M24-8C20-12 16-13 13-16" fill="none" stroke="#e6d3ac" stroke-width="3" stroke-linecap="round"/>
<path d="M0-22C-6-36-20-36-24-26-16-22-8-20 0-22ZM0-22C6-36 20-36 24-25 16-21 8-20 0-22Z" fill="#fff9ea"/>`
