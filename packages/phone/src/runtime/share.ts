import { assetUrl } from './assets.ts'
import { avatarOf } from './avatar.ts'
import { report } from './bridge.ts'
import { make } from './element.ts'
import { pageStack } from './page-stack.ts'
import { programTitle, settings } from './settings.ts'
import { askSheet } from './sheets/sheet.ts'
import { showToast } from './sheets/toast.ts'

const people = ['小明', '小红', '阿强', '文件传输助手']

interface Card {
  readonly title?: string
  readonly path?: string
  readonly imageUrl?: string
}

/** Sends the page to a friend: the page's onShareAppMessage makes the card, the person chooses who gets it. */
export async function shareFrom(from: 'button' | 'menu'): Promise<void> {
  const { path, title } = pageStack.top
  const given = pageStack.top.call('onShareAppMessage', { from })
  const made = (given ?? {}) as Card & { promise?: Promise<Card> }
  const card: Card = { title: title || programTitle, path: `/${path}`, ...made, ...(await made.promise) }
  const friend = await askSheet<string | undefined>(
    'mp-share',
    { label: '发送给朋友', outside: undefined },
    (answer) => [
      make('h2', {}, '发送给'),
      make(
        'div.mp-friends',
        {},
        ...people.filter((name) => name !== settings.user).map((name) => friendButton(name, answer)),
      ),
      cardPreview(card),
      make('button.mp-plain', { onclick: () => answer(undefined) }, '取消'),
    ],
  )
  if (friend === undefined) return
  report('share', `转发给${friend}：${card.title}`, card)
  showToast({ title: '已发送', icon: 'success', mask: false, durationMs: 1500 })
}

const friendButton = (name: string, answer: (name: string) => void): HTMLElement =>
  make(
    'button',
    { onclick: () => answer(name) },
    make('img', { src: URL.createObjectURL(avatarOf(name)), alt: '' }),
    name,
  )

function cardPreview({ title, imageUrl }: Card): HTMLElement {
  const image = imageUrl === undefined ? [] : [make('img', { src: assetUrl(imageUrl), alt: '' })]
  return make(
    'div.mp-card',
    {},
    make('small', {}, programTitle),
    make('b', {}, title ?? ''),
    ...image,
    make('em', {}, '小程序'),
  )
}
