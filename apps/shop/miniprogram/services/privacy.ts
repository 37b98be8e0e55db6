type Resolve = (answer: { event: 'agree'; buttonId: string } | { event: 'disagree' }) => void

interface Sheet {
  owner: object
  show: () => void
}

let waiting: Resolve[] = []
let sheet: Sheet | undefined

/** Called at launch: a call of WeChat's that needs the user's consent waits until the sheet is answered. */
export function watchPrivacy(): void {
  if (!wx.onNeedPrivacyAuthorization) return
  // The typings take this argument for a plain result.
  const listen = wx.onNeedPrivacyAuthorization as unknown as (listener: (resolve: Resolve) => void) => void
  listen((resolve) => {
    if (sheet === undefined) return resolve({ event: 'disagree' })
    waiting.push(resolve)
    sheet.show()
  })
}

/** The page in front lends its sheet. */
export function lendPrivacySheet(lent: Sheet): void {
  sheet = lent
}

/** A page that closes takes its sheet back, unless another one has lent its own meanwhile. */
export function takePrivacySheetBack(owner: object): void {
  if (sheet?.owner !== owner) return
  answerPrivacy(undefined)
  sheet = undefined
}

/** Hands the user's answer to everything that waits for it. `buttonId` is that of the button tapped to agree. */
export function answerPrivacy(buttonId: string | undefined): void {
  const resolves = waiting
  waiting = []
  for (const resolve of resolves) resolve(buttonId === undefined ? { event: 'disagree' } : { event: 'agree', buttonId })
}
