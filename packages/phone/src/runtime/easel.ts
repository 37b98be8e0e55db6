/**
 * The edge to glass-easel and its mini program adapter. What the runtime uses of them is typed here, narrowly; their own
 * types are for component authors.
 */
import { glassEasel, MiniProgramEnv } from 'glass-easel-miniprogram-adapter'

/** An element of a page's tree: a plain node or a component's host. */
export interface TreeElement {
  /** Its element in the document. */
  readonly $$: HTMLElement
  readonly is: string
  readonly ownerShadowRoot: { getHostNode(): TreeElement; getElementById(id: string): TreeElement | null } | null
  readonly classList: { toggle(name: string, force: boolean): void } | null
  addListener(name: string, listener: (event: TreeEvent) => void): void
  triggerPageLifetime(name: string, args: unknown[]): void
  getMethodCaller(): Instance
}

export interface TreeEvent {
  readonly type: string
  readonly detail: unknown
  defaultPrevented(): boolean
}

/** What `this` is inside a page or component: its data and methods. */
export interface Instance {
  readonly is: string
  readonly data: Readonly<Record<string, unknown>>
  readonly _$: TreeElement
  setData(data: Readonly<Record<string, unknown>>, callback?: () => void): void
  triggerEvent(name: string, detail?: unknown, options?: { bubbles?: boolean; composed?: boolean }): void
  createSelectorQuery(): unknown
  createIntersectionObserver(options?: unknown): unknown
}

/** A page in the document. */
export interface Root {
  get(): Instance
  getComponent(): TreeElement
  attach(parent: Node, placeholder: Node): void
  release(): void
}

type Define = (definition?: Record<string, unknown>) => unknown

interface CodeSpace {
  addComponentStaticConfig(id: string, config: unknown): void
  addCompiledTemplate(id: string, template: unknown): void
  addStyleSheet(id: string, url: undefined, scope: string): void
  componentEnv(id: string, run: (env: { Page: Define; Component: Define; Behavior: Define }) => void): void
  component(id: string): { definition(definition: unknown): { register(): { _$: unknown } } }
  getComponentSpace(): { setGlobalUsingComponent(tag: string, component: unknown): void }
}

const environment = new MiniProgramEnv()

export const codeSpace = environment.createCodeSpace('', true) as unknown as CodeSpace

/** An event of the document on its way to the elements of the page: false when it is to go no further. */
export type NativeListener = (target: TreeElement, type: string, detail: unknown, source: Event) => boolean

interface Backend {
  createRoot(tag: string, space: CodeSpace, id: string): Root
}

/** Makes the document the place where pages are drawn. */
export function associateBackend(context: unknown): Backend {
  return environment.associateBackend(
    context as Parameters<typeof environment.associateBackend>[0],
  ) as unknown as Backend
}

type EventOptions = ConstructorParameters<typeof glassEasel.Event<unknown>>[2]

/** Sends an event through the page's tree. Returns whether a listener prevented the default. */
export function dispatch(target: TreeElement, type: string, detail: unknown, options: EventOptions = {}): boolean {
  const event = new glassEasel.Event(type, detail, options)
  glassEasel.Event.dispatchEvent(target as unknown as InstanceType<typeof glassEasel.Element>, event)
  return event.defaultPrevented() ?? false
}

/** Errors thrown inside pages and components. */
export function onTreeError(listener: (error: unknown) => void): void {
  glassEasel.addGlobalErrorListener((error) => {
    listener(error)
    return true
  })
}

export const WindowContext = glassEasel.CurrentWindowBackendContext
export const elementPrototype = glassEasel.Element.prototype as unknown as {
  setDataset(name: string, value: unknown): void
  id: string
}
