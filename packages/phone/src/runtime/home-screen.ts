import { make } from './element.ts'
import { phoneElement, setStatusBarStyle } from './screen.ts'
import { programTitle } from './settings.ts'

let shown: HTMLElement | undefined

/** WeChat behind the mini program: where one is after leaving it, and opens it again. */
export function showHomeScreen(note: string, open: () => void): void {
  shown?.remove()
  const logo = make('span.mp-logo', {}, [...programTitle][0] ?? '')
  shown = make(
    'div.mp-home',
    {},
    make('h1', {}, '微信'),
    make('p', {}, '最近使用的小程序'),
    make(
      'button',
      { onclick: open, 'aria-label': `打开${programTitle}` },
      logo,
      make('b', {}, programTitle),
      make('small', {}, note),
    ),
  )
  phoneElement.append(shown)
  setStatusBarStyle('black')
}

export function hideHomeScreen(): void {
  shown?.remove()
  shown = undefined
}
