type MayBeUndefined<T> = { [K in keyof T]-?: Record<never, never> extends Pick<T, K> ? T[K] | undefined : T[K] }

/** The object without the optional fields that are undefined: absent on the wire is absent here. */
export function withoutUndefined<T extends object>(fields: MayBeUndefined<T>): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}
