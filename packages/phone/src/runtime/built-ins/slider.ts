import { make } from '../element.ts'
import { builtIn } from './built-in.ts'

const defaults = {
  value: 0,
  min: 0,
  max: 100,
  step: 1,
  disabled: false,
  showValue: false,
  activeColor: '#1aad19',
  backgroundColor: '#e9e9e9',
  blockColor: '#ffffff',
  blockSize: 28,
  color: '',
  selectedColor: '',
} as const

export const slider = builtIn('slider', defaults, false, (host) => {
  const initial = host.properties.value
  const range = make('input', { type: 'range', 'aria-label': '滑块' }) as HTMLInputElement
  const shown = make('span')
  const paint = () => {
    const { value, min, max, step, disabled, showValue, activeColor, backgroundColor, blockColor, blockSize } =
      host.properties
    for (const [name, one] of Object.entries({ min, max, step })) range.setAttribute(name, String(one))
    range.value = String(value)
    range.disabled = disabled
    shown.textContent = String(value)
    shown.hidden = !showValue
    const filled = max === min ? 0 : ((value - min) / (max - min)) * 100
    range.style.setProperty('--filled', `${filled}%`)
    range.style.setProperty('--on', activeColor)
    range.style.setProperty('--off', backgroundColor)
    range.style.setProperty('--block', blockColor)
    range.style.setProperty('--block-size', `${blockSize}px`)
  }
  const follow = (event: string) => () => {
    host.set({ value: Number(range.value) })
    paint()
    host.emit(event, { value: Number(range.value) })
  }
  range.addEventListener('input', follow('changing'))
  range.addEventListener('change', follow('change'))
  host.element.append(range, shown)
  paint()
  return { update: paint, value: () => host.properties.value, reset: () => host.set({ value: initial }) }
})
