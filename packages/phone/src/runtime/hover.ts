import { treeElementAt } from './backend.ts'

const stayMs = 90

/** `hover-class`: the class that an element has while a finger is on it. */
export function watchHover(): void {
  document.body.addEventListener('pointerdown', (event) => {
    const element = event.target instanceof Element ? event.target.closest('[hover-class]') : null
    const name = element?.getAttribute('hover-class') ?? 'none'
    const target = element && name !== 'none' && !element.hasAttribute('disabled') ? treeElementAt(element) : undefined
    if (!target) return
    const toggle = (on: boolean) => {
      for (const one of name.split(/\s+/).filter(Boolean)) target.classList?.toggle(one, on)
    }
    toggle(true)
    const leave = () => setTimeout(() => toggle(false), stayMs)
    for (const type of ['pointerup', 'pointercancel']) document.addEventListener(type, leave, { once: true })
  })
}
