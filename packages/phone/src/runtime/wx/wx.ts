import { howToAdd } from '../../build/how-to-add.ts'
import { device } from './device.ts'
import { userInterface } from './interface.ts'
import { identity } from './login.ts'
import { navigation } from './navigation.ts'
import { payment } from './payment.ts'
import type { Scene } from './phone-events.ts'
import { privacy } from './privacy.ts'
import { request, uploadFile } from './request.ts'
import { storage } from './storage.ts'
import { baseLibrary, system } from './system.ts'

/** The `wx` of the mini program: what is here, and an error that names what is not. */
export function createWx(launch: () => Scene, enter: () => Scene, asked: ReadonlySet<string>): Record<string, unknown> {
  const members: Record<string, unknown> = {
    ...identity,
    ...payment,
    ...navigation,
    ...userInterface,
    ...storage,
    ...privacy,
    ...device,
    ...system(launch, enter),
    request,
    uploadFile,
    version: baseLibrary,
    canIUse: (what: string) => what.split('.')[0] !== undefined && (what.split('.')[0] ?? '') in members,
  }
  return new Proxy(members, {
    get(target, name) {
      if (typeof name === 'symbol' || name in target || asked.has(name)) return Reflect.get(target, name) as unknown
      throw new Error(`wx.${name} is not on this phone; ${howToAdd}`)
    },
  })
}
