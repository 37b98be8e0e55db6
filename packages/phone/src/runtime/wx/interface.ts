import { showActionSheet, showModal } from '../sheets/dialogs.ts'
import { previewImages } from '../sheets/preview.ts'
import { hideToast, showToast } from '../sheets/toast.ts'
import { api, Failure, numberOption, type Options, textOption } from './api.ts'

const loading = (name: string, hide: boolean) =>
  api(name, (options) => {
    if (hide) hideToast()
    else showToast({ title: textOption(options, 'title', ''), icon: 'loading', mask: options['mask'] === true })
    return {}
  })

const words = (options: Options, ...names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, textOption(options, name, '')]).filter(([, value]) => value !== ''))

/** Dialogs and toasts. */
export const userInterface = {
  showToast: api('showToast', (options) => {
    const image = options['image']
    showToast({
      title: textOption(options, 'title', ''),
      icon: textOption(options, 'icon', 'success'),
      ...(typeof image === 'string' && image !== '' && { image }),
      mask: options['mask'] === true,
      durationMs: numberOption(options, 'duration', 1500),
    })
    return {}
  }),
  hideToast: api('hideToast', () => void hideToast()),
  showLoading: loading('showLoading', false),
  hideLoading: loading('hideLoading', true),
  showModal: api('showModal', async (options) => {
    const { confirm, content } = await showModal({
      ...words(options, 'title', 'content', 'cancelText', 'cancelColor', 'confirmText', 'confirmColor'),
      ...(typeof options['placeholderText'] === 'string' && { placeholder: options['placeholderText'] }),
      showCancel: options['showCancel'] !== false,
      editable: options['editable'] === true,
    })
    return { confirm, cancel: !confirm, content: confirm ? (content ?? null) : null }
  }),
  showActionSheet: api('showActionSheet', async (options) => {
    const { itemList, alertText, itemColor } = options
    if (!Array.isArray(itemList))
      throw new Failure('parameter error: parameter.itemList should be Array instead of Undefined;')
    const tapIndex = await showActionSheet(itemList.map(String), {
      ...(typeof alertText === 'string' && { title: alertText }),
      ...(typeof itemColor === 'string' && { color: itemColor }),
    })
    if (tapIndex === undefined) throw new Failure('cancel')
    return { tapIndex }
  }),
  previewImage: api('previewImage', (options) => {
    const urls = options['urls']
    if (!Array.isArray(urls) || urls.length === 0)
      throw new Failure('parameter error: parameter.urls should be Array instead of Undefined;')
    const current = options['current']
    const index = typeof current === 'number' ? current : Math.max(0, urls.indexOf(current))
    previewImages(urls.map(String), index)
    return {}
  }),
  hideKeyboard: api('hideKeyboard', () => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur()
    return {}
  }),
  loadFontFace: api('loadFontFace', () => {
    throw new Failure('the phone loads no fonts from elsewhere')
  }),
}
