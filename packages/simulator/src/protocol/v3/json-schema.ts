import { requestIdCodes, type V3Detail, V3Refusal } from './v3-refusal.ts'

/** A field of a v3 body. `label` is the Chinese name in WeChat's messages; `max` counts characters, `maxBytes` the JSON text. */
export type V3Field = {
  readonly label: string
  readonly required?: true
} & (
  | {
      readonly type: 'string'
      readonly min?: number
      readonly max: number
      /** Why the value is wrong, in WeChat's words. */
      readonly check?: (value: string) => string | undefined
    }
  | { readonly type: 'integer'; readonly min: number }
  | { readonly type: 'boolean' }
  | { readonly type: 'object'; readonly fields: V3Fields; readonly maxBytes?: number }
  | { readonly type: 'array'; readonly items: V3Field }
)
export type V3Fields = Readonly<Record<string, V3Field>>

/** A JSON object of unknown content. */
export type JsonObject = { readonly [name: string]: unknown }

export const isJsonObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Checks a body against its table; throws the PARAM_ERROR for the first thing wrong. Unknown parameters are refused: a
 * Request-ID number exists for them.
 */
export function checkObject(value: JsonObject, fields: V3Fields, pointer: string): void {
  const unknown = Object.keys(value).find((name) => !Object.hasOwn(fields, name))
  if (unknown !== undefined) {
    const at = `${pointer}/${unknown}`
    const issue = `输入源“${at}”不是此接口的参数，请删除此参数`
    throw refuse(at, value[unknown], issue, requestIdCodes.unknownParameter)
  }
  for (const [name, field] of Object.entries(fields)) checkField(value[name], field, `${pointer}/${name}`)
}

/** Checks one value. `location` is where WeChat says that it looked for it. */
export function checkField(
  value: unknown,
  field: V3Field,
  pointer: string,
  location: V3Detail['location'] = 'body',
): void {
  if (value === undefined || value === null || value === '') {
    if (!field.required) return
    const issue = `输入源“${pointer}”映射到字段“${field.label}”必填性规则校验失败，此字段为必填项`
    throw refuse(pointer, value, issue, requestIdCodes.invalidParameter, location)
  }
  const problem = problemOf(value, field)
  if (problem !== undefined) {
    const issue = `输入源“${pointer}”映射到${typeNames[field.type]}字段“${field.label}”规则校验失败，${problem}`
    throw refuse(pointer, value, issue, requestIdCodes.parameterOutOfRange, location)
  }
  if (field.type === 'object' && isJsonObject(value)) checkObject(value, field.fields, pointer)
  if (field.type === 'array' && Array.isArray(value)) {
    for (const [index, item] of value.entries()) checkField(item, field.items, `${pointer}/${index}`, location)
  }
}

const typeNames = { string: '字符串', integer: '数值', boolean: '布尔', object: '对象', array: '数组' } as const

function problemOf(value: unknown, field: V3Field): string | undefined {
  switch (field.type) {
    case 'string':
      if (typeof value !== 'string') return '类型必须是字符串'
      if (value.length > field.max) return `字符数 ${value.length}，大于最大值 ${field.max}`
      if (field.min !== undefined && value.length < field.min) return `字符数 ${value.length}，小于最小值 ${field.min}`
      return field.check?.(value)
    case 'integer':
      if (typeof value !== 'number' || !Number.isSafeInteger(value)) return '类型必须是整数'
      return value < field.min ? `值低于最小值 ${field.min}` : undefined
    case 'boolean':
      return typeof value === 'boolean' ? undefined : '类型必须是布尔值'
    case 'object':
      if (!isJsonObject(value)) return '类型必须是对象'
      return field.maxBytes !== undefined && Buffer.byteLength(JSON.stringify(value)) > field.maxBytes
        ? `字节数大于最大值 ${field.maxBytes}`
        : undefined
    case 'array':
      return Array.isArray(value) ? undefined : '类型必须是数组'
  }
}

function refuse(
  field: string,
  value: unknown,
  issue: string,
  requestIdCode: number,
  location: V3Detail['location'] = 'body',
): V3Refusal {
  const detail = { field, ...(value === undefined ? {} : { value }), issue, location }
  return new V3Refusal('PARAM_ERROR', issue, { requestIdCode, detail })
}
