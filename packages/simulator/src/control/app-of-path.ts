import type { Control } from './control.ts'
import { ControlInputError } from './input.ts'

/** The app that a path such as /_sim/apps/:appid/push names. */
export function appOfPath({ world, pathValue }: Control): string {
  if (world.books.apps.get(pathValue)) return pathValue
  throw new ControlInputError(`appid ${pathValue} is unknown; GET /_sim/merchants lists the apps`)
}
