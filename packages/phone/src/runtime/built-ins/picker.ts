import { openPicker, type PickerSheet } from '../sheets/picker.ts'
import { builtIn, type Host } from './built-in.ts'
import { regions } from './regions.ts'

const defaults = {
  headerText: '',
  mode: 'selector',
  disabled: false,
  range: [],
  rangeKey: '',
  value: null,
  start: '',
  end: '',
  fields: 'day',
  customItem: '',
  level: 'region',
} as const

type PickerHost = Host<{
  readonly headerText: string
  readonly mode: string
  readonly disabled: boolean
  readonly range: readonly unknown[]
  readonly rangeKey: string
  readonly value: unknown
  readonly start: string
  readonly end: string
  readonly fields: string
}>

/** How a mode fills the wheels, and what its event carries. */
interface Mode {
  columns(selected: readonly number[]): string[][]
  selected(): number[]
  detail(selected: readonly number[]): Record<string, unknown>
}

const two = (value: number): string => String(value).padStart(2, '0')
const span = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
const at = <T>(list: readonly T[], index: number | undefined, fallback: T): T => list[index ?? 0] ?? fallback

const label = (item: unknown, key: string): string =>
  String(key !== '' && typeof item === 'object' && item !== null ? (item as Record<string, unknown>)[key] : item)

const modes: Readonly<Record<string, (host: PickerHost) => Mode>> = {
  selector: ({ properties }) => ({
    columns: () => [properties.range.map((item) => label(item, properties.rangeKey))],
    selected: () => [Number(properties.value ?? 0)],
    detail: ([index]) => ({ value: String(index ?? 0) }),
  }),
  multiSelector: ({ properties }) => ({
    columns: () =>
      properties.range.map((column) => (column as unknown[]).map((item) => label(item, properties.rangeKey))),
    selected: () => (Array.isArray(properties.value) ? properties.value.map(Number) : properties.range.map(() => 0)),
    detail: (selected) => ({ value: [...selected] }),
  }),
  time: ({ properties }) => {
    const [hours, minutes] = [span(0, 23), span(0, 59)]
    return {
      columns: () => [hours.map(two), minutes.map(two)],
      selected: () =>
        String(properties.value ?? '00:00')
          .split(':')
          .map(Number),
      detail: ([hour, minute]) => ({ value: `${two(hour ?? 0)}:${two(minute ?? 0)}` }),
    }
  },
  date: dateMode,
  region: ({ properties }) => {
    const provinces = Object.keys(regions)
    const cities = (province: number | undefined) => regions[at(provinces, province, '')] ?? {}
    const chosen = ([province, city, district]: readonly number[]) => {
      const names = Object.keys(cities(province))
      const districts = cities(province)[at(names, city, '')] ?? []
      return [at(provinces, province, ''), at(names, city, names[0] ?? ''), at(districts, district, districts[0] ?? '')]
    }
    return {
      columns: ([province, city]) => {
        const names = Object.keys(cities(province))
        return [provinces, names, [...(cities(province)[at(names, city, names[0] ?? '')] ?? [])]]
      },
      selected: () => {
        const value = Array.isArray(properties.value) ? properties.value.map(String) : []
        const province = Math.max(0, provinces.indexOf(value[0] ?? ''))
        const names = Object.keys(cities(province))
        const city = Math.max(0, names.indexOf(value[1] ?? ''))
        return [province, city, Math.max(0, (cities(province)[names[city] ?? ''] ?? []).indexOf(value[2] ?? ''))]
      },
      detail: (selected) => ({ value: chosen(selected), code: [], postcode: '' }),
    }
  },
}

function dateMode({ properties }: PickerHost): Mode {
  const read = (text: string): number[] => text.split('-').map(Number)
  const now = new Date()
  const today = [now.getFullYear(), now.getMonth() + 1, now.getDate()]
  const first = properties.start === '' ? [1970, 1, 1] : read(properties.start)
  const last = properties.end === '' ? [2100, 12, 31] : read(properties.end)
  const depth = { year: 1, month: 2, day: 3 }[properties.fields] ?? 3
  const years = span(first[0] ?? 1970, last[0] ?? 2100)
  const days = (year: number, month: number) => span(1, new Date(year, month, 0).getDate())
  return {
    columns: ([year, month]) => {
      const all = [
        years.map((one) => `${one}年`),
        span(1, 12).map((one) => `${one}月`),
        days(at(years, year, 1970), (month ?? 0) + 1).map((one) => `${one}日`),
      ]
      return all.slice(0, depth)
    },
    selected: () => {
      const [year, month, day] =
        typeof properties.value === 'string' && properties.value !== '' ? read(properties.value) : today
      return [Math.max(0, years.indexOf(year ?? 0)), (month ?? 1) - 1, (day ?? 1) - 1].slice(0, depth)
    },
    detail: ([year, month, day]) => {
      const text = [String(at(years, year, 1970)), two((month ?? 0) + 1), two((day ?? 0) + 1)].slice(0, depth).join('-')
      const [earliest, latest] = [properties.start, properties.end]
      return { value: earliest !== '' && text < earliest ? earliest : latest !== '' && text > latest ? latest : text }
    },
  }
}

export const picker = builtIn('picker', defaults, true, (host) => {
  let open: PickerSheet | undefined
  const modeOf = () => (modes[host.properties.mode] ?? modes['selector'])?.(host)
  host.onTap(async () => {
    const mode = modeOf()
    if (host.properties.disabled || open || !mode) return
    const selected = mode.selected()
    const dependent = host.properties.mode === 'date' || host.properties.mode === 'region'
    open = openPicker({
      title: host.properties.headerText,
      columns: mode.columns(selected),
      selected,
      turned: (column, value, now) => {
        if (host.properties.mode === 'multiSelector') host.emit('columnchange', { column, value })
        return dependent ? mode.columns(now) : undefined
      },
    })
    const chosen = await open.answer
    open = undefined
    if (!chosen) return host.emit('cancel', {})
    const detail = mode.detail(chosen)
    host.set({ value: detail['value'] })
    host.emit('change', detail)
  })
  return {
    update: (name) => {
      const mode = name === 'range' ? modeOf() : undefined
      if (open && mode) open.setColumns(mode.columns(mode.selected()))
    },
    value: () => (host.properties.mode === 'selector' ? String(host.properties.value ?? 0) : host.properties.value),
  }
})
