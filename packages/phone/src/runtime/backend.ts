import { isBuiltInTag } from '../build/built-in-tags.ts'
import { dispatch, elementPrototype, type TreeElement, WindowContext } from './easel.ts'

/** Events of the document that pages listen to; every other event comes from the phone's own components. */
const documentEvents: ReadonlySet<string> = new Set(
  'touchstart touchmove touchend touchcancel transitionend animationstart animationiteration animationend'.split(' '),
)

/** `Nrpx` of an inline style; style sheets are converted when the mini program is built. */
const withoutRpx = (style: string): string =>
  style
    .replace(/(-?(?:\d+\.)?\d+)rpx\b/gi, 'calc($1 * var(--rpx))')
    .replace(/\benv\(\s*(safe-area-inset-)/g, 'var(--$1')

const boundDocument = {
  createElement(tag: string): HTMLElement {
    // <button> and <input> of a template are WeChat's, not HTML's.
    const element = document.createElement(isBuiltInTag(tag) ? `wx-${tag}` : tag)
    const setAttribute = element.setAttribute.bind(element)
    element.setAttribute = (name, value) => setAttribute(name, name === 'style' ? withoutRpx(String(value)) : value)
    return element
  },
  createTextNode: (text: string) => document.createTextNode(text),
  createDocumentFragment: () => document.createDocumentFragment(),
}

/** Draws pages in this document. */
export class PhoneBackend extends WindowContext {
  constructor() {
    super()
    Object.assign(this, { document: boundDocument })
  }

  override setListenerStats(...args: Parameters<InstanceType<typeof WindowContext>['setListenerStats']>): void {
    if (documentEvents.has(args[1])) super.setListenerStats(...args)
  }
}

interface EventSource {
  readonly originalEvent?: unknown
  readonly bubbles?: boolean
  readonly composed?: boolean
}

/** Brings the document's taps and touches to the pages, with what WeChat's events carry. */
export function connectEvents(backend: PhoneBackend, press: (target: Element) => void): void {
  backend.onEvent((target, type, detail, options) => {
    const source = (options as EventSource).originalEvent as Event | undefined
    const element = source?.target
    if (type === 'tap' && element instanceof Element) {
      if (element.closest('wx-button[disabled]')) return
      if (endsLongPress()) return
      press(element)
    }
    const touches = touchesOf(source)
    dispatch(target as unknown as TreeElement, type, type.startsWith('touch') ? {} : detail, {
      ...options,
      ...(touches && { extraFields: touches }),
    })
  })
  watchLongPress()
}

const endsLongPress = (): boolean => {
  const ended = longPressed
  longPressed = false
  return ended
}
let longPressed = false
const longPressMs = 350

function watchLongPress(): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const stop = () => clearTimeout(timer)
  document.body.addEventListener('pointerdown', (event) => {
    longPressed = false
    stop()
    const target = treeElementAt(event.target)
    if (!target) return
    timer = setTimeout(() => {
      const detail = { x: event.clientX, y: event.clientY }
      longPressed = listensToLongPress(target)
      if (longPressed)
        for (const type of ['longpress', 'longtap']) dispatch(target, type, detail, { bubbles: true, composed: true })
    }, longPressMs)
  })
  for (const type of ['pointerup', 'pointercancel', 'pointermove']) {
    document.body.addEventListener(type, (event) => {
      const { movementX = 0, movementY = 0 } = event as PointerEvent
      if (type !== 'pointermove' || Math.abs(movementX) + Math.abs(movementY) > 3) stop()
    })
  }
}

/** A tap follows a long press, unless somebody listened to the long press. */
function listensToLongPress(target: TreeElement): boolean {
  for (let node: HTMLElement | null = target.$$; node; node = node.parentElement) {
    const listeners = (node as HTMLElement & { __wxElement?: ListenerHolder }).__wxElement?._$eventTarget?.listeners
    if (listeners && ('longpress' in listeners || 'longtap' in listeners)) return true
  }
  return false
}

interface ListenerHolder {
  readonly _$eventTarget?: { readonly listeners: object } | null
}

/** The page's element that this node of the document belongs to. */
export function treeElementAt(node: EventTarget | null): TreeElement | undefined {
  for (let one = node instanceof Element ? node : null; one; one = one.parentElement) {
    const element = (one as Element & { __wxElement?: TreeElement }).__wxElement
    if (element) return element
  }
  return undefined
}

const touchOf = ({ clientX, clientY, pageX, pageY }: MouseEvent | Touch, identifier = 0) => ({
  identifier,
  clientX,
  clientY,
  pageX,
  pageY,
})

function touchesOf(source: Event | undefined): { touches: unknown[]; changedTouches: unknown[] } | undefined {
  if (typeof TouchEvent !== 'undefined' && source instanceof TouchEvent) {
    const list = (touches: TouchList) => [...touches].map((touch) => touchOf(touch, touch.identifier))
    return { touches: list(source.touches), changedTouches: list(source.changedTouches) }
  }
  if (source instanceof MouseEvent) return { touches: [touchOf(source)], changedTouches: [touchOf(source)] }
  return undefined
}

/**
 * data-* and id stay in memory with glass-easel. Written to the document too, a test finds `[data-test=…]`, and a style
 * sheet `#id`.
 */
export function mirrorToDocument(): void {
  const setDataset = elementPrototype.setDataset
  elementPrototype.setDataset = function (this: TreeElement, name, value) {
    setDataset.call(this, name, value)
    if (typeof value === 'object' && value !== null) return
    this.$$?.setAttribute(`data-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, String(value))
  }
  const id = Object.getOwnPropertyDescriptor(elementPrototype, 'id')
  if (!id?.set || !id.get) return
  const { get, set } = id
  Object.defineProperty(elementPrototype, 'id', {
    ...id,
    get,
    set(this: TreeElement, value: unknown) {
      set.call(this, value)
      if (this.$$) this.$$.id = String(value)
    },
  })
}

/** A tap that comes from the keyboard or a label, not from a finger. */
export function tapElement(element: HTMLElement): void {
  const target = treeElementAt(element)
  const { x, y } = element.getBoundingClientRect()
  if (target && !element.hasAttribute('disabled')) dispatch(target, 'tap', { x, y }, { bubbles: true, composed: true })
}
