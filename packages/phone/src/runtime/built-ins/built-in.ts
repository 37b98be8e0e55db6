import { codeSpace, type Instance } from '../easel.ts'

/** Properties and their defaults. null: any type, undefined at first. */
type Defaults = Readonly<Record<string, string | number | boolean | null | readonly unknown[]>>
type PropertiesOf<D extends Defaults> = {
  readonly [name in keyof D]: D[name] extends string
    ? string
    : D[name] extends number
      ? number
      : D[name] extends boolean
        ? boolean
        : D[name] extends null
          ? unknown
          : readonly unknown[]
}

/** A built-in component as its author sees it. */
export interface Host<P> {
  /** Its element in the document, `wx-…`; children of the template are in it. */
  readonly element: HTMLElement
  readonly properties: P
  /** The path of the page or component whose template names it. */
  readonly owner: string
  /** Sets a property from within; a `model:` binding follows. */
  set(change: Partial<P>): void
  emit(name: string, detail?: unknown, options?: { bubbles?: boolean; composed?: boolean }): void
  onTap(listener: () => void): void
}

/** What a built-in component does. */
export interface Parts {
  /** A property has changed. */
  update?(name: string): void
  /** A label of it was tapped. */
  press?(): void
  /** Its value in a form. */
  value?(): unknown
  /** Back to the value of the template: a form's reset. */
  reset?(): void
  /** A form: sends or clears its fields. */
  form?(what: string): void
  /** A group: one of its items was chosen. */
  chosen?(element: HTMLElement): void
  detach?(): void
}

export interface BuiltIn {
  register(templates: Readonly<Record<string, unknown>>): void
}

const parts = new WeakMap<Element, { parts: Parts; name: string }>()

/** The parts behind an element of the document, once it is on a page. */
export const partsOf = (element: Element | null): Parts | undefined => (element ? parts.get(element)?.parts : undefined)
/** The `name` of a field in a form. */
export const fieldName = (element: Element): string => element.getAttribute('name') ?? ''

/** Properties that every element has. */
const common = { hidden: false, name: '', hoverClass: '', ariaLabel: '', ariaRole: '', role: '' } as const
const mirrored: Readonly<Record<string, string>> = {
  name: 'name',
  hoverClass: 'hover-class',
  ariaLabel: 'aria-label',
  ariaRole: 'role',
  role: 'role',
}

const typeOf = (value: unknown) =>
  value === null
    ? null
    : Array.isArray(value)
      ? Array
      : typeof value === 'boolean'
        ? Boolean
        : typeof value === 'number'
          ? Number
          : String

/**
 * A built-in component: its tag, its properties with their defaults, whether it holds children, and what happens when
 * it comes onto a page.
 */
export function builtIn<D extends Defaults>(
  tag: string,
  defaults: D,
  slot: boolean,
  mount: (host: Host<PropertiesOf<D>>) => Parts,
): BuiltIn {
  const observe = (name: string) =>
    function observer(this: Instance): void {
      mirror(this, name)
      partsOf(this._$.$$)?.update?.(name)
    }
  const properties = Object.fromEntries(
    Object.entries({ ...common, ...defaults }).map(([name, value]) => [
      name,
      { type: typeOf(value), value: value === null ? undefined : value, observer: observe(name) },
    ]),
  )
  const definition = {
    properties,
    lifetimes: {
      attached(this: Instance) {
        const element = this._$.$$
        if (parts.has(element)) return
        parts.set(element, { parts: {}, name: tag })
        parts.set(element, { parts: mount(hostOf(this)), name: tag })
      },
      detached(this: Instance) {
        partsOf(this._$.$$)?.detach?.()
      },
    },
  }
  return {
    register(templates) {
      const id = `wx-built-in/${tag}`
      codeSpace.addComponentStaticConfig(id, { component: true, styleIsolation: 'shared' })
      codeSpace.addCompiledTemplate(id, { groupList: templates, content: templates[slot ? 'wx/slot' : 'wx/empty'] })
      const component = codeSpace.component(id).definition(definition).register()
      codeSpace.getComponentSpace().setGlobalUsingComponent(tag, component._$)
    },
  }
}

function mirror(instance: Instance, name: string): void {
  const element = instance._$.$$
  const value = instance.data[name]
  if (name === 'hidden') element.toggleAttribute('hidden', value === true)
  const attribute = mirrored[name]
  if (attribute === undefined) return
  if (value === '' || value === undefined) element.removeAttribute(attribute)
  else element.setAttribute(attribute, String(value))
}

function hostOf<P>(instance: Instance): Host<P> {
  const element = instance._$.$$
  return {
    element,
    get properties() {
      return instance.data as P
    },
    get owner() {
      return instance._$.ownerShadowRoot?.getHostNode().is ?? ''
    },
    set: (change) => instance.setData(change as Record<string, unknown>),
    emit: (name, detail = {}, options = {}) => instance.triggerEvent(name, detail, options),
    onTap: (listener) => instance._$.addListener('tap', listener),
  }
}

/** An attribute of the host that follows a property, for style sheets. */
export function reflect(element: HTMLElement, name: string, value: unknown): void {
  if (typeof value === 'boolean') element.toggleAttribute(name, value)
  else element.setAttribute(name, String(value))
}
