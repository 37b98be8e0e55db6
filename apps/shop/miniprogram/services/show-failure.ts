import { tell } from '../modules/error-texts'

/** Tells of a failed action in a dialog; resolves when the user has read it. */
export async function showFailure(error: unknown, more = ''): Promise<void> {
  const { title, text, detail } = tell(error)
  const content = [text, more, detail].filter((part) => part !== '').join('\n')
  await wx.showModal({ title, content, showCancel: false, confirmText: '知道了' })
}
