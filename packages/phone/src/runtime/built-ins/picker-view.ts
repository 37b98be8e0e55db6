import { make } from '../element.ts'
import { builtIn, partsOf } from './built-in.ts'

const defaults = {
  value: [],
  maskClass: '',
  maskStyle: '',
  indicatorStyle: '',
  indicatorClass: '',
  immediateChange: false,
} as const

/** One wheel of an inline picker; its rows are the children of the template. */
export const pickerViewColumn = builtIn('picker-view-column', {}, true, (host) => {
  const { element } = host
  const rows = () => [...element.children].filter((row): row is HTMLElement => !row.matches('.mp-gap'))
  const height = () => rows()[0]?.offsetHeight || 34
  const gap = () => `${Math.max(0, (element.clientHeight - height()) / 2)}px`
  element.addEventListener('scrollend', () => partsOf(element.closest('wx-picker-view'))?.chosen?.(element))
  return {
    value: () => Math.min(rows().length - 1, Math.max(0, Math.round(element.scrollTop / height()))),
    // Called by the picker-view, with the wanted row in the element's own attribute.
    update: () => {
      element.style.setProperty('--gap', gap())
      element.scrollTop = Number(element.dataset['row'] ?? 0) * height()
    },
  }
})

export const pickerView = builtIn('picker-view', defaults, true, (host) => {
  const { element } = host
  const columns = () => [...element.querySelectorAll<HTMLElement>('wx-picker-view-column')]
  const band = make('i.mp-band', { 'aria-hidden': 'true' })
  const place = () => {
    for (const [index, column] of columns().entries()) {
      column.dataset['row'] = String(host.properties.value[index] ?? 0)
      partsOf(column)?.update?.('value')
    }
  }
  band.setAttribute('style', host.properties.indicatorStyle)
  element.append(band)
  requestAnimationFrame(place)
  return {
    update: (name) => name === 'value' && place(),
    chosen: () => {
      const value = columns().map((column) => Number(partsOf(column)?.value?.() ?? 0))
      if (JSON.stringify(value) === JSON.stringify(host.properties.value)) return
      host.set({ value })
      host.emit('change', { value })
    },
    value: () => host.properties.value,
  }
})
