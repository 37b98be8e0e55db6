import { at, beef, bowl, egg, greens, noodles, numbers, picture, plate, scallions, tomato, wonton } from './parts.ts'

/** The pictures of the catalogue by sku, and `dish` for a product without one of its own. */
export const food: Readonly<Record<string, string>> = {
  'beef-noodles': picture(
    '#fbe9d7',
    bowl(
      '#a34a1e',
      noodles('#f6dd9a', '#d9a851', 7) +
        at(168, 92, 28, greens, 0.95) +
        at(178, 134, 74, greens, 0.8) +
        at(86, 92, -24, beef) +
        at(98, 134, 12, beef, 1.05) +
        at(136, 160, 34, beef, 0.9) +
        scallions(15, 5),
    ),
  ),
  'tomato-egg-noodles': picture(
    '#fdeadf',
    bowl(
      '#e2703a',
      noodles('#fae6ac', '#e0b35e', 19) +
        scramble() +
        at(82, 100, -18, tomato) +
        at(154, 88, 40, tomato, 0.9) +
        at(108, 158, 170, tomato, 0.95) +
        at(166, 140, 250, tomato, 0.8) +
        scallions(14, 8),
    ),
  ),
  'scallion-oil-noodles': picture(
    '#f4eedd',
    bowl('#8a5a2a', noodles('#e9c478', '#b98436', 31) + friedScallions() + scallions(18, 12, 50)),
  ),
  'crab-noodles': picture(
    '#fdf0d8',
    bowl('#d98a1c', noodles('#fae3a2', '#e2b04e', 43) + roe() + at(168, 152, 20, greens, 0.7) + scallions(7, 21, 60)),
  ),
  'wonton-soup': picture(
    '#e9f1ee',
    bowl(
      '#e9c878',
      at(84, 88, -20, wonton, 1.05) +
        at(152, 82, 16, wonton, 1.05) +
        at(78, 142, -8, wonton) +
        at(162, 142, 22, wonton) +
        at(120, 118, 4, wonton, 1.1) +
        seaweed() +
        scallions(15, 3, 74),
    ),
  ),
  'tea-egg': picture('#efe6da', plate(at(92, 100, -14, teaEgg(), 1.2) + at(154, 138, 24, teaEgg(), 1.2) + starAnise())),
  'cucumber-salad': picture('#e9f3df', plate(cucumber())),
  'soy-milk': picture('#f3ece0', soyMilk()),
  'wet-wipe': picture('#e3eff6', wetWipe()),
  'member-month': picture('#e8e6f4', memberCard()),
  dish: picture(
    '#f1ece4',
    bowl('#e9d9b4', noodles('#faeabb', '#e0bd6f', 7) + at(112, 104, -12, egg) + scallions(16, 5)),
  ),
}

function scramble(): string {
  const next = numbers(77)
  return Array.from({ length: 9 }, () => {
    const [x, y, turn] = [70 + next() * 100, 70 + next() * 96, next() * 360]
    const curd = `<path d="M-18 2C-22-12-4-18 4-12 16-18 26-2 16 6 14 18-14 18-18 2Z" fill="#f7b52c"/><path d="M-12 0C-12-9-2-11 3-7 11-10 16-1 10 3 6 9-10 10-12 0Z" fill="#ffd766"/>`
    return at(Math.round(x), Math.round(y), Math.round(turn), curd)
  }).join('')
}

function friedScallions(): string {
  const next = numbers(15)
  return Array.from({ length: 16 }, (_, index) => {
    const [x, y, turn] = [76 + next() * 88, 76 + next() * 84, next() * 180]
    const color = index % 3 === 0 ? '#6d8a2c' : '#4d3216'
    const stick = `<path d="M-20 0Q0${index % 2 === 0 ? -7 : 7} 20 0" fill="none" stroke="${color}" stroke-width="5" stroke-linecap="round"/>`
    return at(Math.round(x), Math.round(y), Math.round(turn), stick)
  }).join('')
}

function roe(): string {
  const next = numbers(9)
  const grains = Array.from({ length: 90 }, () => {
    const [angle, reach] = [next() * 6.283, Math.sqrt(next()) * 46]
    const [x, y] = [Math.round(118 + Math.cos(angle) * reach), Math.round(112 + Math.sin(angle) * reach * 0.85)]
    return `<circle cx="${x}" cy="${y}" r="${next() > 0.5 ? 4 : 5.5}" fill="${next() > 0.45 ? '#f08a1d' : '#ffb13d'}"/>`
  })
  return `<ellipse cx="118" cy="114" rx="54" ry="45" fill="#c7600e"/>${grains.join('')}<ellipse cx="104" cy="96" rx="20" ry="10" fill="#fff" opacity=".22"/>`
}

function seaweed(): string {
  return [
    [108, 66, 20],
    [176, 110, 80],
    [62, 116, -50],
    [126, 176, 10],
  ]
    .map(([x, y, turn]) =>
      at(
        x ?? 0,
        y ?? 0,
        turn ?? 0,
        '<path d="M-16 2Q-6-8 2 0T18-3" fill="none" stroke="#2f4f3a" stroke-width="6" stroke-linecap="round"/>',
      ),
    )
    .join('')
}

function teaEgg(): string {
  return `<ellipse cx="3" cy="7" rx="37" ry="30" fill="#3c2413" opacity=".22"/>
<ellipse rx="37" ry="30" fill="#b98a5c"/><ellipse cx="-6" cy="-6" rx="27" ry="20" fill="#d0a475"/>
<path d="M-30-10-14-4-18 12-34 10M-14-4 2-14-4-29M2-14 18-6 34-12M18-6 14 10 26 20M14 10-2 14-18 12M-2 14 0 29" fill="none" stroke="#6e4524" stroke-width="2.8" stroke-linejoin="round" stroke-linecap="round"/>
<ellipse cx="-14" cy="-14" rx="9" ry="5" fill="#fff" opacity=".4" transform="rotate(-24)"/>`
}

function starAnise(): string {
  const petals = Array.from({ length: 8 }, (_, index) =>
    at(
      0,
      0,
      index * 45,
      '<path d="M0 0C5-6 4-14 0-19-4-14-5-6 0 0Z" fill="#7b4a26"/><circle cy="-11" r="2" fill="#c98d50"/>',
    ),
  )
  return at(160, 82, 10, petals.join('')) + at(84, 158, 30, petals.join(''), 0.85)
}

function cucumber(): string {
  const next = numbers(4)
  const pieces = Array.from({ length: 19 }, () => {
    const [angle, reach] = [next() * 6.283, Math.sqrt(next()) * 48]
    const chunk = `<path d="M-20-10C-8-18 12-16 20-8 22 2 18 10 8 13-6 16-20 12-22 2Z" fill="#2c6b2a" opacity=".25" transform="translate(1 4)"/>
<path d="M-20-10C-8-18 12-16 20-8 22 2 18 10 8 13-6 16-20 12-22 2Z" fill="#3f9a3c"/>
<path d="M-17-5C-6-12 10-11 17-4 18 3 14 8 7 10-6 12-16 9-18 2Z" fill="#cfeaa8"/><path d="M-8 0h.1M0-2h.1M8 1h.1M-2 5h.1" stroke="#fff8d8" stroke-width="4" stroke-linecap="round"/>`
    return at(
      Math.round(120 + Math.cos(angle) * reach),
      Math.round(118 + Math.sin(angle) * reach),
      Math.round(next() * 360),
      chunk,
      1.05,
    )
  })
  const spice = Array.from({ length: 22 }, (_, index) => {
    const [angle, reach] = [next() * 6.283, Math.sqrt(next()) * 58]
    const [x, y] = [Math.round(120 + Math.cos(angle) * reach), Math.round(118 + Math.sin(angle) * reach)]
    return `<rect x="${x}" y="${y}" width="7" height="5" rx="1.5" fill="${index % 2 === 0 ? '#fff6df' : '#d8331f'}" transform="rotate(${Math.round(next() * 90)} ${x} ${y})"/>`
  })
  return pieces.join('') + spice.join('')
}

function soyMilk(): string {
  return `<ellipse cx="122" cy="204" rx="66" ry="14" fill="#5a3d1e" opacity=".16"/>
<path d="M64 54h112l-13 136c-1 11-9 18-20 18H97c-11 0-19-7-20-18Z" fill="#fff"/>
<path d="M68 84h104l-10 104c-1 8-7 13-15 13H93c-8 0-14-5-15-13Z" fill="#f4e4c1"/>
<ellipse cx="120" cy="84" rx="52" ry="10" fill="#fff6e0"/><ellipse cx="120" cy="54" rx="56" ry="11" fill="none" stroke="#e6dfd2" stroke-width="5"/>
<path d="M82 100l7 84" stroke="#fff" stroke-width="9" stroke-linecap="round" opacity=".75"/>
<path d="M136 24 124 86" stroke="#07c160" stroke-width="10" stroke-linecap="round"/><path d="M136 24l20-6" stroke="#07c160" stroke-width="10" stroke-linecap="round"/>
<g fill="#e3b563"><ellipse cx="40" cy="192" rx="14" ry="11"/><ellipse cx="62" cy="206" rx="13" ry="10" fill="#d6a247"/><ellipse cx="196" cy="198" rx="14" ry="11" fill="#d6a247"/><ellipse cx="176" cy="210" rx="12" ry="9"/></g>
<g stroke="#a97628" stroke-width="2.5" stroke-linecap="round"><path d="M36 189l7 4M58 204l7 3M192 195l7 4M173 208l6 2"/></g>`
}

function wetWipe(): string {
  return `<rect x="34" y="84" width="176" height="112" rx="18" fill="#3b5d75" opacity=".16"/>
<rect x="32" y="74" width="176" height="112" rx="18" fill="#fff"/><path d="M32 150c50-34 120 26 176-14v32a18 18 0 0 1-18 18H50a18 18 0 0 1-18-18Z" fill="#8fc8e8"/>
<path d="M32 166c60-26 112 20 176-10v12a18 18 0 0 1-18 18H50a18 18 0 0 1-18-18Z" fill="#5fb0dd"/>
<path d="M86 84c0-32 20-56 32-40 10-16 42 4 36 40Z" fill="#fdfefe"/><path d="M86 84c0-32 20-56 32-40 10-16 42 4 36 40" fill="none" stroke="#d5e3ec" stroke-width="3"/>
<path d="M118 44c-4 14-4 26 0 38" fill="none" stroke="#d5e3ec" stroke-width="3" stroke-linecap="round"/>
<rect x="72" y="80" width="96" height="44" rx="20" fill="#e8f3f9" stroke="#bcd8e8" stroke-width="3"/><path d="M86 96h68" stroke="#bcd8e8" stroke-width="5" stroke-linecap="round"/>
<path d="M60 128c-9 12-12 16-12 22a12 12 0 0 0 24 0c0-6-3-10-12-22Z" fill="#fff" opacity=".9"/>`
}

function memberCard(): string {
  return `<g transform="rotate(-8 120 120)"><rect x="30" y="70" width="184" height="118" rx="16" fill="#2b2450" opacity=".2"/>
<rect x="28" y="60" width="184" height="118" rx="16" fill="#3b3566"/><path d="M28 130C84 96 140 150 212 96v66a16 16 0 0 1-16 16H44a16 16 0 0 1-16-16Z" fill="#4c4580"/>
<path d="m78 92 9 18 20 3-14 14 3 20-18-10-18 10 3-20-14-14 20-3Z" fill="#f3c969"/><path d="m78 92 9 18 20 3-14 14 3 20-18-10Z" fill="#dba83a"/>
<rect x="124" y="92" width="66" height="9" rx="4.5" fill="#f3e2b3"/><rect x="124" y="110" width="46" height="7" rx="3.5" fill="#a59fd0"/>
<rect x="124" y="150" width="66" height="8" rx="4" fill="#a59fd0"/></g>`
}
