import { keepTemporaryFile } from '../assets.ts'
import { albumPictures, asPng, avatarOf } from '../avatar.ts'
import { report } from '../bridge.ts'
import { make } from '../element.ts'
import { programTitle, settings } from '../settings.ts'
import { showActionSheet } from './dialogs.ts'
import { askSheet } from './sheet.ts'

/** The head of WeChat's consent sheets: who asks. */
const whoAsks = (): HTMLElement =>
  make(
    'div.mp-asks',
    {},
    make('span.mp-logo', {}, [...programTitle][0] ?? ''),
    make('span', {}, programTitle),
    make('em', {}, '申请'),
  )

const picture = (blob: Blob): HTMLElement => {
  const url = URL.createObjectURL(blob)
  return make('img', { src: url, alt: '', onload: () => URL.revokeObjectURL(url) })
}

interface Consent {
  readonly title: string
  readonly note?: string
  readonly body: readonly (Node | string)[]
}

async function askConsent(kind: string, { title, note, body }: Consent): Promise<boolean> {
  report('sheet', `${programTitle}申请：${title}`, { kind })
  const agreed = await askSheet('mp-consent', { label: title, outside: false }, (answer) => [
    whoAsks(),
    make('h2', {}, title),
    ...(note === undefined ? [] : [make('p.mp-note', {}, note)]),
    ...body,
    make(
      'div.mp-consent-buttons',
      {},
      make('button.mp-refuse', { onclick: () => answer(false) }, '拒绝'),
      make('button.mp-allow', { onclick: () => answer(true) }, '允许'),
    ),
  ])
  report(agreed ? 'agreed' : 'refused', `用户${agreed ? '允许' : '拒绝'}：${title}`, { kind })
  return agreed
}

/** The old login: may the mini program know nickname and avatar? */
export function askForProfile(note?: string): Promise<boolean> {
  const person = make(
    'div.mp-choice',
    {},
    picture(avatarOf(settings.user)),
    make('span', {}, make('b', {}, settings.user), make('small', {}, '微信个人信息')),
    make('i.mp-tick'),
  )
  return askConsent('profile', { title: '获取你的昵称、头像', ...(note !== undefined && { note }), body: [person] })
}

/** May the mini program have the phone number? */
export function askForPhoneNumber(): Promise<boolean> {
  const number = make(
    'div.mp-choice',
    {},
    make('span', {}, make('b', {}, `${settings.user}的手机号`), make('small', {}, '微信绑定号码')),
    make('i.mp-tick'),
  )
  return askConsent('phoneNumber', { title: '获取并验证你的手机号', body: [number] })
}

/** One-time subscription messages, by template id. */
export async function askForMessages(templateIds: readonly string[]): Promise<boolean> {
  const rows = templateIds.map((id) =>
    make('div.mp-choice', {}, make('span', {}, make('b', {}, '服务通知'), make('small', {}, id)), make('i.mp-tick')),
  )
  return askConsent('messages', { title: '发送一次以下消息', body: rows })
}

/** WeChat's own privacy dialog, for a mini program that has none. */
export const askForPrivacy = (): Promise<boolean> =>
  askConsent('privacy', {
    title: '隐私保护提示',
    note: `你需要同意《${programTitle}隐私保护指引》后才能继续使用此功能。`,
    body: [],
  })

/** Where an avatar comes from; its temporary path, undefined when none was chosen. */
export async function chooseAvatar(): Promise<string | undefined> {
  const source = await showActionSheet(['用微信头像', '从相册选择', '拍照'])
  if (source === undefined) return undefined
  if (source === 0) return keepTemporaryFile(await asPng(avatarOf(settings.user)), '.png')
  const chosen = await askSheet<Blob | undefined>('mp-album', { label: '选择照片', outside: undefined }, (answer) => [
    make('h2', {}, source === 1 ? '最近项目' : '拍照'),
    make(
      'div.mp-album-grid',
      {},
      ...albumPictures().map(({ name, picture: blob }) =>
        make('button', { 'aria-label': name, onclick: () => answer(blob) }, picture(blob)),
      ),
    ),
  ])
  return chosen === undefined ? undefined : keepTemporaryFile(await asPng(chosen), '.png')
}
