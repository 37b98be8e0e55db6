import type { PushTarget } from '../engine/after-payment-records.ts'
import { type PushSettings, setPushTarget } from '../engine/push-target.ts'
import { isLoopback } from '../protocol/notify-url.ts'
import { checkPushUrl } from '../push/check-url.ts'
import { appOfPath } from './app-of-path.ts'
import type { Control, ControlAnswer } from './control.ts'
import { type ControlInput, ControlInputError, optionalText, readInput, requiredText } from './input.ts'

const modes: readonly PushTarget['mode'][] = ['plain', 'compatible', 'secure']
const formats: readonly PushTarget['format'][] = ['JSON', 'XML']

/**
 * POST /_sim/apps/:appid/push `{url, token?, encoding_aes_key?, mode?, format?}`: message push as the console sets it.
 * What is left out stays as it was, or is made. The settings hold whatever the URL check says: WeChat would not save
 * them, but a back end may need the Token before it can answer.
 */
export async function setPush(control: Control): Promise<ControlAnswer> {
  const appid = appOfPath(control)
  const target = setPushTarget(control.world, appid, readSettings(readInput(control.call.text)))
  const check = await checkPushUrl(control.world, control.notifier, target)
  control.notifier.wake()
  const { url, token, encodingAesKey, mode, format, originalId } = target
  return {
    body: {
      appid,
      original_id: originalId,
      url,
      token,
      encoding_aes_key: encodingAesKey,
      mode,
      format,
      url_check: check,
    },
  }
}

function readSettings(input: ControlInput): PushSettings {
  const url = requiredText(input, 'url')
  if (!URL.canParse(url) || !/^https?:\/\//.test(url) || !isLoopback(new URL(url).hostname)) {
    throw new ControlInputError('url must be a whole http address on loopback: the simulator sends nowhere else')
  }
  const token = optionalText(input, 'token')
  if (token !== undefined && !/^[A-Za-z0-9]{3,32}$/.test(token)) {
    throw new ControlInputError('token must have 3 to 32 letters and digits')
  }
  const encodingAesKey = optionalText(input, 'encoding_aes_key')
  if (encodingAesKey !== undefined && !/^[A-Za-z0-9]{43}$/.test(encodingAesKey)) {
    throw new ControlInputError('encoding_aes_key must have 43 letters and digits')
  }
  const mode = oneOf(input, 'mode', modes)
  const format = oneOf(input, 'format', formats)
  return {
    url,
    ...(token === undefined ? {} : { token }),
    ...(encodingAesKey === undefined ? {} : { encodingAesKey }),
    ...(mode === undefined ? {} : { mode }),
    ...(format === undefined ? {} : { format }),
  }
}

function oneOf<T extends string>(input: ControlInput, name: string, allowed: readonly T[]): T | undefined {
  const value = optionalText(input, name)
  const found = allowed.find((one) => one === value)
  if (value !== undefined && found === undefined) throw new ControlInputError(`${name} must be ${allowed.join(' or ')}`)
  return found
}
