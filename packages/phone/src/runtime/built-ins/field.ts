import { make } from '../element.ts'
import { overlayLayer } from '../screen.ts'
import { settings } from '../settings.ts'
import { builtIn } from './built-in.ts'

const defaults = {
  value: '',
  type: 'text',
  password: false,
  placeholder: '',
  placeholderStyle: '',
  placeholderClass: 'input-placeholder',
  disabled: false,
  maxlength: 140,
  cursorSpacing: 0,
  focus: false,
  autoFocus: false,
  confirmType: 'done',
  confirmHold: false,
  cursor: -1,
  cursorColor: '',
  selectionStart: -1,
  selectionEnd: -1,
  adjustPosition: true,
  holdKeyboard: false,
  alwaysEmbed: false,
  autoHeight: false,
  fixed: false,
  showConfirmBar: true,
  disableDefaultPadding: false,
  randomNumber: false,
  controlled: false,
} as const

const keyboards: Readonly<Record<string, string>> = { number: 'numeric', digit: 'decimal', idcard: 'text' }

const field = (tag: 'input' | 'textarea') =>
  builtIn(tag, defaults, false, (host) => {
    const control = document.createElement(tag)
    const hint = make('div', { 'aria-hidden': 'true' })
    const initial = host.properties.value
    const hintUpdate = () => {
      const { placeholder, placeholderClass, placeholderStyle } = host.properties
      hint.textContent = placeholder
      hint.hidden = control.value !== ''
      hint.className = `mp-hint ${prefixed(host.element, placeholderClass)}`
      hint.setAttribute('style', placeholderStyle)
      control.setAttribute('aria-label', host.element.getAttribute('aria-label') ?? placeholder)
    }
    const grow = () => {
      if (!host.properties.autoHeight) return
      control.style.height = 'auto'
      control.style.height = `${control.scrollHeight}px`
    }
    const update = (name?: string) => {
      const { value, type, password, disabled, maxlength, focus, autoFocus, confirmType } = host.properties
      if (control.value !== value) control.value = value
      if (maxlength >= 0) control.maxLength = maxlength
      else control.removeAttribute('maxlength')
      control.disabled = disabled
      control.inputMode = keyboards[type] ?? 'text'
      control.enterKeyHint = tag === 'input' ? confirmType : 'enter'
      if (control instanceof HTMLInputElement) control.type = password || type === 'safe-password' ? 'password' : 'text'
      host.element.toggleAttribute('auto-height', host.properties.autoHeight)
      hintUpdate()
      grow()
      if (name === undefined ? focus || autoFocus : name === 'focus' && focus) control.focus()
      else if (name === 'focus' && document.activeElement === control) control.blur()
    }
    const typed = () => {
      host.set({ value: control.value })
      hintUpdate()
      grow()
      host.emit('input', { value: control.value, cursor: control.selectionStart ?? 0, keyCode: 0 })
    }
    const fill = (text: string) => {
      control.value = text
      typed()
      host.emit('nicknamereview', { pass: true, timeout: false })
    }
    let offer: HTMLElement | undefined
    control.addEventListener('focus', () => {
      if (host.properties.type === 'nickname') offer = offerNickname(fill)
      host.emit('focus', { value: control.value, height: 0 })
    })
    control.addEventListener('blur', () => {
      offer?.remove()
      host.emit('blur', { value: control.value, cursor: control.selectionStart ?? 0 })
      if (control.value !== initial) host.emit('change', { value: control.value })
    })
    control.addEventListener('input', typed)
    control.addEventListener('keydown', (event) => {
      if (!(event instanceof KeyboardEvent) || event.key !== 'Enter' || tag !== 'input') return
      host.emit('confirm', { value: control.value })
      if (!host.properties.confirmHold) control.blur()
    })
    host.element.append(hint, control)
    update()
    return {
      update,
      press: () => control.focus(),
      value: () => control.value,
      reset: () => {
        control.value = initial
        host.set({ value: initial })
        hintUpdate()
      },
      detach: () => offer?.remove(),
    }
  })

/** The class of a placeholder, with the prefix that the component's own classes have. */
function prefixed(element: HTMLElement, name: string): string {
  const scope = [...element.classList].find((one) => one.includes('--'))?.split('--')[0]
  return scope === undefined || name === '' ? name : `${name} ${scope}--${name}`
}

/** The bar above the keyboard that offers the WeChat nickname. */
function offerNickname(fill: (name: string) => void): HTMLElement {
  const take = make(
    'button',
    { 'aria-label': `用微信昵称 ${settings.user}` },
    '用微信昵称',
    make('b', {}, settings.user),
  )
  const bar = make('div.mp-nickname', {}, take)
  // The field keeps the focus.
  take.addEventListener('pointerdown', (event) => event.preventDefault())
  take.addEventListener('click', () => {
    fill(settings.user)
    bar.remove()
  })
  overlayLayer.append(bar)
  return bar
}

export const input = field('input')
export const textarea = field('textarea')
