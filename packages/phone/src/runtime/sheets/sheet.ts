import { make } from '../element.ts'
import { animate, overlayLayer } from '../screen.ts'

/** A panel over the page: from below, or in the middle. */
export interface Sheet {
  readonly panel: HTMLElement
  close(): Promise<void>
}

interface SheetOptions {
  readonly label: string
  readonly kind?: 'bottom' | 'center'
  /** A tap beside the panel. */
  readonly outside?: () => void
}

const slideMs = 260

/** Opens an empty panel and moves the keyboard's focus into it. */
export function openSheet(name: string, options: SheetOptions, ...children: (Node | string)[]): Sheet {
  const { label, kind = 'bottom', outside } = options
  const panel = make(
    `section.mp-sheet.mp-sheet-${kind}.${name}`,
    { role: 'dialog', 'aria-modal': 'true', 'aria-label': label, tabindex: '-1' },
    ...children,
  )
  const mask = make('div.mp-mask', {}, panel)
  if (outside) {
    mask.addEventListener('click', (event) => {
      if (event.target === mask) outside()
    })
  }
  overlayLayer.append(mask)
  panel.focus({ preventScroll: true })
  const shown = kind === 'bottom' ? { transform: 'none' } : { opacity: 1, transform: 'none' }
  const away = kind === 'bottom' ? { transform: 'translateY(100%)' } : { opacity: 0, transform: 'scale(1.1)' }
  void animate(mask, [{ backgroundColor: 'transparent' }, {}], slideMs)
  void animate(panel, [away, shown], slideMs)
  let closing: Promise<void> | undefined
  const leave = async () => {
    mask.style.pointerEvents = 'none'
    panel.removeAttribute('role')
    await Promise.all([
      animate(mask, [{}, { backgroundColor: 'transparent' }], slideMs - 60),
      animate(panel, [shown, kind === 'bottom' ? away : { opacity: 0 }], slideMs - 60),
    ])
    mask.remove()
  }
  return { panel, close: () => (closing ??= leave()) }
}

/** Opens a sheet and waits for the person's answer. */
export function askSheet<T>(
  name: string,
  options: Omit<SheetOptions, 'outside'> & { readonly outside?: T },
  fill: (answer: (value: T) => void) => (Node | string)[],
): Promise<T> {
  return new Promise((resolve) => {
    const answer = (value: T) => {
      void sheet.close()
      resolve(value)
    }
    const { label, kind = 'bottom' } = options
    const outside = 'outside' in options ? () => answer(options.outside as T) : undefined
    const sheet = openSheet(name, { label, kind, ...(outside && { outside }) }, ...fill(answer))
  })
}
