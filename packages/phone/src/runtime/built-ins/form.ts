import { treeElementAt } from '../backend.ts'
import { builtIn, fieldName, partsOf } from './built-in.ts'

/** A component of the mini program that behaves as a field: behavior wx://form-field. */
function customField(element: Element): { name: string; value: unknown } | undefined {
  const data = treeElementAt(element)?.$$ === element ? treeElementAt(element)?.getMethodCaller?.()?.data : undefined
  const name = data?.['name']
  return data && typeof name === 'string' && name !== '' && 'value' in data ? { name, value: data['value'] } : undefined
}

export const form = builtIn('form', { reportSubmit: false, reportSubmitTimeout: 0 }, true, (host) => {
  const fields = () => [...host.element.querySelectorAll('*')]
  const values = () => {
    const all: Record<string, unknown> = {}
    for (const element of fields()) {
      const parts = partsOf(element)
      const name = fieldName(element)
      const custom = parts ? undefined : customField(element)
      if (custom) all[custom.name] = custom.value
      else if (parts?.value && name !== '') all[name] = parts.value()
    }
    return all
  }
  return {
    form: (what) => {
      if (what === 'submit') host.emit('submit', { value: values(), target: {} })
      if (what !== 'reset') return
      for (const element of fields()) partsOf(element)?.reset?.()
      host.emit('reset', {})
    },
  }
})
