import { make } from '../element.ts'
import { builtIn, type Host, type Parts, partsOf, reflect } from './built-in.ts'

interface ChoiceProperties {
  readonly value: string
  readonly checked: boolean
  readonly disabled: boolean
  readonly color: string
}

const defaults = { value: '', checked: false, disabled: false, color: '' } as const
const choices = {
  ...defaults,
  backgroundColor: '',
  borderColor: '',
  activeBackgroundColor: '',
  activeBorderColor: '',
  iconColor: '',
}

/** A tick that is on or off, with its state in the host's attributes. */
function tick(host: Host<ChoiceProperties>, role: string, className: string): { paint: () => void; mark: HTMLElement } {
  const mark = make(`i.${className}`, { role, tabindex: '0' })
  const paint = () => {
    const { checked, disabled, color } = host.properties
    reflect(host.element, 'checked', checked)
    reflect(host.element, 'disabled', disabled)
    mark.setAttribute('aria-checked', String(checked))
    mark.setAttribute('aria-label', host.element.textContent?.trim() || host.properties.value)
    if (color !== '') mark.style.setProperty('--tick', color)
  }
  return { paint, mark }
}

const choice = (tag: 'radio' | 'checkbox') =>
  builtIn(tag, choices, true, (host): Parts => {
    const initial = host.properties.checked
    const { paint, mark } = tick(host, tag, `mp-${tag}`)
    host.element.prepend(mark)
    const press = () => {
      const { disabled, checked } = host.properties
      if (disabled || (tag === 'radio' && checked)) return
      host.set({ checked: !checked })
      partsOf(host.element.closest(`wx-${tag}-group`))?.chosen?.(host.element)
    }
    host.onTap(press)
    mark.addEventListener('keydown', (event) => event.key === ' ' && press())
    paint()
    return {
      update: paint,
      press,
      value: () => host.properties.value,
      reset: () => host.set({ checked: initial }),
      chosen: () => host.set({ checked: false }),
    }
  })

const group = (tag: 'radio' | 'checkbox') =>
  builtIn(`${tag}-group`, {}, true, (host): Parts => {
    const items = () => [...host.element.querySelectorAll<HTMLElement>(`wx-${tag}`)]
    const values = () => {
      const on = items()
        .filter((item) => item.hasAttribute('checked'))
        .map((item) => partsOf(item)?.value?.())
      return tag === 'radio' ? (on[0] ?? '') : on
    }
    return {
      value: values,
      reset: () => {
        for (const item of items()) partsOf(item)?.reset?.()
      },
      chosen: (element) => {
        if (tag === 'radio') for (const item of items()) if (item !== element) partsOf(item)?.chosen?.(element)
        host.emit('change', { value: values() })
      },
    }
  })

export const radio = choice('radio')
export const checkbox = choice('checkbox')
export const radioGroup = group('radio')
export const checkboxGroup = group('checkbox')

export const switchBuiltIn = builtIn(
  'switch',
  { checked: false, disabled: false, color: '', type: 'switch' },
  false,
  (host) => {
    const initial = host.properties.checked
    const kind = host.properties.type === 'checkbox' ? 'mp-checkbox' : 'mp-switch'
    const { paint, mark } = tick(host as unknown as Host<ChoiceProperties>, 'switch', kind)
    host.element.append(mark)
    const press = () => {
      if (host.properties.disabled) return
      host.set({ checked: !host.properties.checked })
      host.emit('change', { value: host.properties.checked })
    }
    host.onTap(press)
    mark.addEventListener('keydown', (event) => event.key === ' ' && press())
    paint()
    return { update: paint, press, value: () => host.properties.checked, reset: () => host.set({ checked: initial }) }
  },
)
