import { make } from '../element.ts'
import { openSheet } from './sheet.ts'

export const rowHeight = 48

/** The wheels of a picker. */
export interface PickerOptions {
  readonly title: string
  readonly columns: readonly (readonly string[])[]
  readonly selected: readonly number[]
  /** A wheel has come to rest; new columns when others depend on it. */
  readonly turned?: (
    column: number,
    index: number,
    selected: readonly number[],
  ) => readonly (readonly string[])[] | undefined
}

/** An open picker; `setColumns` replaces its wheels' rows while it is open. */
export interface PickerSheet {
  readonly answer: Promise<readonly number[] | undefined>
  setColumns(columns: readonly (readonly string[])[]): void
}

/** Opens the wheels. The answer has one index per wheel; undefined when the person left. */
export function openPicker(options: PickerOptions): PickerSheet {
  const selected = [...options.selected]
  let columns = options.columns
  let finish: (value: readonly number[] | undefined) => void = () => {}
  const answer = new Promise<readonly number[] | undefined>((resolve) => {
    finish = (value) => {
      void sheet.close()
      resolve(value)
    }
  })
  const wheels = columns.map((_, column) => new Wheel((index) => turn(column, index)))
  const setColumns = (next: readonly (readonly string[])[]) => {
    columns = next
    for (const [index, wheel] of wheels.entries()) {
      const rows = columns[index] ?? []
      selected[index] = Math.min(Math.max(0, selected[index] ?? 0), Math.max(0, rows.length - 1))
      wheel.fill(rows, selected[index] ?? 0)
    }
  }
  const turn = (column: number, index: number) => {
    if (selected[column] === index) return
    selected[column] = index
    const next = options.turned?.(column, index, selected)
    if (next) setColumns(next)
  }
  const sheet = openSheet(
    'mp-picker',
    { label: options.title === '' ? '请选择' : options.title, outside: () => finish(undefined) },
    make(
      'header',
      {},
      make('button', { onclick: () => finish(undefined) }, '取消'),
      make('span', {}, options.title),
      make('button.mp-picker-done', { onclick: () => finish(wheels.map((wheel) => wheel.index)) }, '确定'),
    ),
    make('div.mp-wheels', {}, ...wheels.map((wheel) => wheel.element)),
  )
  setColumns(columns)
  return { answer, setColumns }
}

/** One wheel: a list that rests on a row. */
class Wheel {
  readonly element = make('div.mp-wheel', { role: 'listbox', tabindex: '0' })
  #index = 0

  constructor(rest: (index: number) => void) {
    this.element.addEventListener('scroll', () => this.#choose(Math.round(this.element.scrollTop / rowHeight)))
    this.element.addEventListener('scrollend', () => rest(this.#index))
  }

  get index(): number {
    return this.#index
  }

  fill(rows: readonly string[], index: number): void {
    const choose = (row: number) => () => {
      this.#choose(row)
      this.element.scrollTo({ top: row * rowHeight, behavior: 'instant' })
    }
    const options = rows.map((text, row) => make('div.mp-row', { role: 'option', onclick: choose(row) }, text))
    this.element.replaceChildren(make('div.mp-gap'), ...options, make('div.mp-gap'))
    this.element.scrollTop = index * rowHeight
    this.#choose(index)
  }

  #choose(index: number): void {
    this.#index = index
    for (const [row, option] of [...this.element.querySelectorAll('.mp-row')].entries()) {
      option.setAttribute('aria-selected', String(row === index))
    }
  }
}
