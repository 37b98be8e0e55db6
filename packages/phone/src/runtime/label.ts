import { treeElementAt } from './backend.ts'
import { partsOf } from './built-ins/built-in.ts'

const controls = 'wx-checkbox, wx-radio, wx-switch, wx-button, wx-input, wx-textarea'

/** A tap inside a label presses its control: the one that `for` names, else the first within. */
export function pressLabel(tapped: Element): void {
  const label = tapped.closest('wx-label')
  if (!label || (tapped.closest(controls) && label.contains(tapped.closest(controls)))) return
  const id = label.getAttribute('for')
  const named = id === null ? undefined : treeElementAt(label)?.ownerShadowRoot?.getElementById(id)?.$$
  const control = named ?? label.querySelector(controls)
  partsOf(control)?.press?.()
}
