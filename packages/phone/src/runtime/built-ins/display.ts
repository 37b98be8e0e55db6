import { assetUrl } from '../assets.ts'
import { icon as drawIcon, make } from '../element.ts'
import { builtIn } from './built-in.ts'

const disc = (color: string, inside: string) => `<circle cx="12" cy="12" r="11" fill="${color}"/>${inside}`
const tickPath =
  '<path d="M6.8 12.400l3.6 3.6 6.9-7.3" stroke="#fff" stroke-width="1.8" fill="none" stroke-linecap="round"/>'
const bang =
  '<path d="M12 6.500v7" stroke="#fff" stroke-width="2" stroke-linecap="round"/><circle cx="12" cy="17" r="1.2" fill="#fff"/>'
const cross = '<path d="M8 8l8 8M16 8l-8 8" stroke="#fff" stroke-width="1.8" stroke-linecap="round"/>'

const icons: Readonly<Record<string, (color: string) => string>> = {
  success: (color) => disc(color || '#09bb07', tickPath),
  success_no_circle: (color) =>
    `<path d="M4.5 12.500l5 5L19.5 7" stroke="${color || '#09bb07'}" stroke-width="2" fill="none" stroke-linecap="round"/>`,
  info: (color) => disc(color || '#10aeff', bang),
  warn: (color) => disc(color || '#f76260', bang),
  waiting: (color) =>
    disc(
      color || '#10aeff',
      '<path d="M12 6v6l4 3" stroke="#fff" stroke-width="1.8" fill="none" stroke-linecap="round"/>',
    ),
  cancel: (color) => disc(color || '#f43530', cross),
  clear: (color) => disc(color || '#b2b2b2', cross),
  download: (color) =>
    disc(color || '#09bb07', '<path d="M12 6v9m-4-4l4 4 4-4M8 18h8" stroke="#fff" stroke-width="1.8" fill="none"/>'),
  search: (color) =>
    `<circle cx="10.5" cy="10.5" r="6.5" stroke="${color || '#b2b2b2'}" stroke-width="1.8" fill="none"/><path d="M15.5 15.500L21 21" stroke="${color || '#b2b2b2'}" stroke-width="1.8"/>`,
}

export const icon = builtIn('icon', { type: 'success', size: '23', color: '' }, false, (host) => {
  const update = () => {
    const { type, size, color } = host.properties
    const length = /^\d+(\.\d+)?$/.test(size) ? `${size}px` : size.replace(/([\d.]+)rpx/, 'calc($1 * var(--rpx))')
    host.element.style.width = length
    host.element.style.height = length
    host.element.replaceChildren(drawIcon('0 0 24 24', (icons[type] ?? icons['info'])?.(color) ?? ''))
  }
  update()
  return { update }
})

const progressDefaults = {
  percent: 0,
  showInfo: false,
  borderRadius: '0',
  fontSize: '16',
  strokeWidth: '6',
  color: '#09bb07',
  activeColor: '#09bb07',
  backgroundColor: '#ebebeb',
  active: false,
  activeMode: 'backwards',
  duration: 30,
} as const

export const progress = builtIn('progress', progressDefaults, false, (host) => {
  const fill = make('i')
  const bar = make('div.mp-progress', { role: 'progressbar' }, fill)
  const text = make('span')
  const update = () => {
    const { percent, showInfo, strokeWidth, borderRadius, backgroundColor, activeColor, active } = host.properties
    const shown = Math.min(100, Math.max(0, percent))
    Object.assign(bar.style, {
      height: `${strokeWidth}px`,
      borderRadius: `${borderRadius}px`,
      background: backgroundColor,
    })
    Object.assign(fill.style, {
      width: `${shown}%`,
      background: activeColor,
      transition: active ? 'width .6s' : 'none',
    })
    bar.setAttribute('aria-valuenow', String(shown))
    text.textContent = `${shown}%`
    text.hidden = !showInfo
  }
  host.element.append(bar, text)
  update()
  return { update }
})

const allowedTags = new Set(
  'a abbr b big blockquote br center code dd del div dl dt em fieldset font footer h1 h2 h3 h4 h5 h6 header hr i img ins label li mark nav ol p pre q s section small span strong sub sup table tbody td tfoot th thead tr tt u ul'.split(
    ' ',
  ),
)
const allowedAttributes = new Set('alt class colspan dir height rowspan src start style width'.split(' '))

interface RichNode {
  readonly type?: string
  readonly text?: string
  readonly name?: string
  readonly attrs?: Readonly<Record<string, unknown>>
  readonly children?: readonly RichNode[]
}

/** Trusted tags and attributes only: nothing in rich text can run or link away. */
function build({ type, text, name = '', attrs = {}, children = [] }: RichNode): Node[] {
  if (type === 'text' || text !== undefined) return [document.createTextNode(text ?? '')]
  const tag = name.toLowerCase()
  if (!allowedTags.has(tag)) return []
  const element = document.createElement(tag)
  for (const [attribute, value] of Object.entries(attrs)) {
    if (!allowedAttributes.has(attribute)) continue
    element.setAttribute(attribute, attribute === 'src' ? assetUrl(String(value)) : String(value))
  }
  element.append(...children.flatMap(build))
  return [element]
}

function parse(node: Node): RichNode[] {
  if (node instanceof Text) return [{ type: 'text', text: node.data }]
  if (!(node instanceof Element)) return []
  const attrs = Object.fromEntries([...node.attributes].map(({ name, value }) => [name, value]))
  return [{ name: node.localName, attrs, children: [...node.childNodes].flatMap(parse) }]
}

export const richText = builtIn('rich-text', { nodes: null, space: '', userSelect: false }, false, (host) => {
  const update = () => {
    const { nodes } = host.properties
    const tree =
      typeof nodes === 'string'
        ? [...new DOMParser().parseFromString(nodes, 'text/html').body.childNodes].flatMap(parse)
        : Array.isArray(nodes)
          ? (nodes as RichNode[])
          : []
    host.element.replaceChildren(...tree.flatMap(build))
  }
  update()
  return { update }
})
