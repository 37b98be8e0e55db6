import type { Party, Step, StoryEntry } from '../server/story-entry.ts'
import { createElement, elementById } from './create-element.ts'
import { stepOf, steps } from './steps.ts'
import { detailOf } from './story-detail.ts'
import { isShown, type StoryFilter } from './story-filter.ts'

const lanes: readonly Party[] = ['phone', 'server', 'wechat']
const nearEndPx = 80

/** The live panel: one line a message, under the heading of the step it belongs to. */
export class StoryPanel {
  readonly #lines = elementById('lines', HTMLElement)
  readonly #scroller = elementById('scroller', HTMLElement)
  readonly #empty = elementById('empty', HTMLElement)
  readonly #newest = elementById('newest', HTMLButtonElement)
  readonly #steps = elementById('steps', HTMLElement)
  readonly #open = new Set<string>()
  #entries = new Map<string, StoryEntry>()
  /** The step of the last line shown. */
  #step: Step | undefined
  #filter: StoryFilter = { kind: 'all', text: '' }

  constructor(onClear: () => void) {
    const search = elementById('search', HTMLInputElement)
    const filter = elementById('filter', HTMLSelectElement)
    const refilter = () => {
      this.#filter = { kind: filter.value, text: search.value.trim() }
      this.#render()
    }
    search.addEventListener('input', refilter)
    filter.addEventListener('change', refilter)
    elementById('clear', HTMLButtonElement).addEventListener('click', onClear)
    this.#newest.addEventListener('click', () => this.#toEnd())
    this.#scroller.addEventListener('scroll', () => {
      if (this.#atEnd()) this.#newest.hidden = true
    })
    this.#lines.addEventListener('click', ({ target }) => this.#toggle(target))
    this.#render()
  }

  /** The whole story, in place of what was shown. */
  replace(entries: readonly StoryEntry[]): void {
    this.#entries = new Map(entries.map((entry) => [entry.id, entry]))
    this.#render()
    this.#toEnd()
  }

  /** One new line, or a newer version of a known one. */
  put(entry: StoryEntry): void {
    const wasAtEnd = this.#atEnd()
    const isNew = !this.#entries.has(entry.id)
    this.#entries.set(entry.id, entry)
    const known = this.#lines.querySelector(`li[data-id="${entry.id}"]`)
    if (isNew) this.#append(entry, 'fresh')
    else if (known !== null && isShown(entry, this.#filter)) this.#renew(known, entry)
    else this.#render()
    this.#renderSteps()
    if (wasAtEnd) this.#toEnd()
    else if (isNew) this.#newest.hidden = false
  }

  #render(): void {
    this.#lines.replaceChildren()
    this.#step = undefined
    this.#empty.hidden = false
    for (const entry of this.#entries.values()) this.#append(entry)
    this.#renderSteps()
  }

  #append(entry: StoryEntry, className = ''): void {
    if (!isShown(entry, this.#filter)) return
    if (entry.step !== undefined && entry.step !== this.#step) {
      this.#step = entry.step
      this.#lines.append(headingOf(entry.step))
    }
    const line = this.#lineOf(entry)
    if (className !== '') line.classList.add(className)
    this.#lines.append(line)
    // Until a purchase begins, the invitation stays below what the phone does by itself.
    if (this.#step !== undefined || this.#isFiltered()) this.#empty.hidden = true
  }

  #isFiltered(): boolean {
    return this.#filter.kind !== 'all' || this.#filter.text !== ''
  }

  #renew(known: Element, entry: StoryEntry): HTMLElement {
    const fresh = this.#lineOf(entry)
    const hadFocus = known.contains(document.activeElement)
    known.replaceWith(fresh)
    if (hadFocus) fresh.querySelector('button')?.focus({ preventScroll: true })
    return fresh
  }

  /** The six steps, those lit that the newest purchase has gone through. */
  #renderSteps(): void {
    const reached = new Set<Step>()
    for (const { step, verdict } of this.#entries.values()) {
      // A new order begins a new purchase; who is logged in stays so.
      if (step === 2 && reached.has(4)) for (const later of [2, 3, 4, 5, 6] as const) reached.delete(later)
      if (step !== undefined && verdict?.ok === true) reached.add(step)
    }
    this.#steps.replaceChildren(
      ...steps.map(({ step, name, sentence }) =>
        createElement(
          'span',
          { class: reached.has(step) ? 'reached' : undefined, title: sentence },
          createElement('b', {}, String(step)),
          name,
        ),
      ),
    )
  }

  #lineOf(entry: StoryEntry): HTMLElement {
    const open = this.#open.has(entry.id)
    const { verdict, from, to, faults } = entry
    const state = verdict === undefined ? 'pending' : verdict.ok ? 'ok' : 'bad'
    const button = createElement(
      'button',
      { type: 'button', class: 'line', 'aria-expanded': String(open), title: entry.title },
      arrow(from, to),
      createElement(
        'span',
        { class: 'words' },
        createElement('span', { class: 'what' }, entry.what),
        createElement('span', { class: 'call' }, entry.call),
      ),
      faults === undefined ? undefined : createElement('span', { class: 'fault' }, '故障'),
      createElement('span', { class: 'status' }, statusOf(entry)),
      createElement('span', { class: 'time' }, timeOf(entry)),
    )
    const item = createElement(
      'li',
      {
        class: `entry ${state} ${entry.kind === 'event' || entry.kind === 'control' ? 'aside' : ''}`,
        'data-id': entry.id,
      },
      button,
    )
    if (open) item.append(detailOf(entry))
    return item
  }

  #toggle(target: EventTarget | null): void {
    const item = target instanceof Element ? target.closest('button.line')?.closest('li') : null
    const id = item?.dataset['id'] ?? ''
    const entry = this.#entries.get(id)
    if (!item || entry === undefined) return
    if (!this.#open.delete(id)) this.#open.add(id)
    const fresh = this.#renew(item, entry)
    const { bottom, height } = fresh.getBoundingClientRect()
    const view = this.#scroller.getBoundingClientRect()
    if (bottom > view.bottom)
      fresh.scrollIntoView({ block: height > view.height ? 'start' : 'end', behavior: 'smooth' })
  }

  #atEnd(): boolean {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller
    return scrollHeight - scrollTop - clientHeight < nearEndPx
  }

  #toEnd(): void {
    this.#scroller.scrollTop = this.#scroller.scrollHeight
    this.#newest.hidden = true
  }
}

function headingOf(step: Step): HTMLElement {
  const known = stepOf(step)
  return createElement(
    'li',
    { class: 'step' },
    createElement('b', {}, String(step)),
    createElement('h3', {}, known?.name ?? ''),
    createElement('p', {}, known?.sentence ?? ''),
  )
}

function arrow(from: Party, to: Party): HTMLElement {
  const [start, end] = [lanes.indexOf(from), lanes.indexOf(to)]
  const shape = start === end ? 'dot' : start < end ? 'right' : 'left'
  return createElement(
    'span',
    { class: 'way', 'aria-hidden': 'true' },
    createElement('span', {
      class: `arrow ${shape} from-${Math.min(start, end)} over-${Math.abs(end - start)}`,
    }),
  )
}

function statusOf({ kind, verdict, answer }: StoryEntry): string {
  if (verdict === undefined) return '…'
  if (kind === 'event' || kind === 'control') return ''
  if (kind === 'wx') return verdict.code.replace(/^\w+:/, '')
  if (answer === undefined) return verdict.code
  return answer.status === 0 ? '无应答' : String(answer.status)
}

function timeOf({ at, ms }: StoryEntry): string {
  const time = new Date(at).toLocaleTimeString('zh-CN', { hour12: false })
  return ms === undefined ? time : `${time}  ${ms} ms`
}
