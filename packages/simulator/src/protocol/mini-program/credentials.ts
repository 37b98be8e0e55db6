import { checkToken } from '../../engine/access-tokens.ts'
import type { App } from '../../engine/records.ts'
import type { World } from '../../world.ts'
import type { Call } from '../exchange.ts'
import { WxRefusal } from './wx-error.ts'

/** Checks appid and AppSecret; throws {@link WxRefusal}. */
export function checkAppSecret(world: World, appid: string, secret: string): App {
  if (appid === '') throw new WxRefusal(41002)
  if (secret === '') throw new WxRefusal(41004)
  const app = world.books.apps.get(appid)
  if (!app) throw new WxRefusal(40013)
  if (app.secret !== secret) throw new WxRefusal(40125)
  return app
}

/** The app that the access_token in the query speaks for; throws {@link WxRefusal}. */
export function appOfToken(world: World, call: Call): string {
  const text = call.query.get('access_token') ?? ''
  if (text === '') throw new WxRefusal(41001)
  const token = checkToken(world, text)
  if (token === 'unknown') throw new WxRefusal(40001)
  if (token === 'expired') throw new WxRefusal(42001)
  return token.appid
}

/** The JSON object in a POST body; throws {@link WxRefusal}. */
export function readWxBody(call: Call): Readonly<Record<string, unknown>> {
  if (call.method !== 'POST') throw new WxRefusal(43002)
  if (call.raw.length === 0) throw new WxRefusal(44002)
  try {
    const value: unknown = JSON.parse(call.text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Not JSON: the same answer as for JSON of another shape.
  }
  throw new WxRefusal(47001)
}

/** A text field of a body, empty when it is missing or something else. */
export const textOf = (body: Readonly<Record<string, unknown>>, name: string): string => {
  const value = body[name]
  return typeof value === 'string' ? value : ''
}
