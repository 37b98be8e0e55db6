import { make } from '../element.ts'
import { askSheet } from './sheet.ts'

export interface ModalOptions {
  readonly title: string
  readonly content: string
  readonly showCancel: boolean
  readonly cancelText: string
  readonly cancelColor: string
  readonly confirmText: string
  readonly confirmColor: string
  /** The person may type; the text is in the answer. */
  readonly editable: boolean
  readonly placeholder: string
}

const modalDefaults: ModalOptions = {
  title: '',
  content: '',
  showCancel: true,
  cancelText: '取消',
  cancelColor: '',
  confirmText: '确定',
  confirmColor: '',
  editable: false,
  placeholder: '',
}

/** WeChat's dialog. `content` of the answer is what was typed, in an editable one. */
export function showModal(given: Partial<ModalOptions>): Promise<{ confirm: boolean; content?: string }> {
  const { title, content, editable, placeholder, ...buttons } = { ...modalDefaults, ...given }
  return askSheet('mp-modal', { label: title === '' ? content : title, kind: 'center' }, (answer) => {
    const input = make('textarea', { placeholder, 'aria-label': placeholder, rows: '1' }) as HTMLTextAreaElement
    input.value = content
    const typed = () => (editable ? { content: input.value } : {})
    const cancel = make(
      'button.mp-cancel',
      { onclick: () => answer({ confirm: false, ...typed() }) },
      buttons.cancelText,
    )
    const confirm = make(
      'button.mp-confirm',
      { onclick: () => answer({ confirm: true, ...typed() }) },
      buttons.confirmText,
    )
    cancel.style.color = buttons.cancelColor
    confirm.style.color = buttons.confirmColor
    const text = editable ? [input] : content === '' ? [] : [make('p', {}, content)]
    return [
      make('div.mp-modal-text', {}, ...(title === '' ? [] : [make('h2', {}, title)]), ...text),
      make('div.mp-modal-buttons', {}, ...(buttons.showCancel ? [cancel] : []), confirm),
    ]
  })
}

/** The list of choices from below. The answer is the choice's index, undefined when it was left. */
export function showActionSheet(
  items: readonly string[],
  options: { title?: string; color?: string } = {},
): Promise<number | undefined> {
  const label = options.title ?? '请选择'
  return askSheet<number | undefined>('mp-action-sheet', { label, outside: undefined }, (answer) => [
    ...(options.title === undefined ? [] : [make('p.mp-action-title', {}, options.title)]),
    ...items.map((item, index) => {
      const button = make('button.mp-action', { onclick: () => answer(index) }, item)
      button.style.color = options.color ?? ''
      return button
    }),
    make('button.mp-action.mp-action-cancel', { onclick: () => answer(undefined) }, '取消'),
  ])
}
