import type { Profile } from '@fenpay/contract'
import { numberFromBytes } from '../domain/number.ts'
import { avatarBytesMax, avatarTypeOf, maskPhone } from '../domain/profile.ts'
import { Refusal } from '../domain/refusal.ts'
import type { Session } from '../domain/session.ts'
import type { LoginGateway, ProfileStore, Secrets, World } from '../ports.ts'
import { mayBeWxCode } from './log-in.ts'

type Ports = { profiles: ProfileStore; secrets: Secrets; login: LoginGateway; world: World }

/** What the user told about themselves, the phone number with its middle hidden. */
export async function showProfile(ports: Pick<Ports, 'profiles' | 'secrets'>, session: Session): Promise<Profile> {
  const { merchantId, userId } = session
  const stored = await ports.profiles.find(merchantId, userId)
  return {
    ...(stored?.nickname === undefined ? {} : { nickname: stored.nickname }),
    ...(stored?.avatarId === undefined ? {} : { avatar_path: `/avatars/${merchantId}/${stored.avatarId}` }),
    ...(stored?.sealedPhone === undefined
      ? {}
      : { phone: maskPhone(ports.secrets.open(phoneContext(session), stored.sealedPhone)) }),
  }
}

/** Sets the nickname. @throws Refusal invalid_request for what is no Unicode text */
export async function changeNickname(
  ports: Pick<Ports, 'profiles' | 'secrets'>,
  session: Session,
  nickname: string,
): Promise<Profile> {
  // The database would keep U+FFFD for half a surrogate pair: a name that nobody wrote.
  if (!nickname.isWellFormed()) throw new Refusal('invalid_request', 'The nickname is no Unicode text.')
  await ports.profiles.setNickname(session.merchantId, session.userId, nickname)
  return showProfile(ports, session)
}

/** Keeps a new avatar. @throws Refusal avatar_invalid for what is too large or no picture by its first bytes */
export async function changeAvatar(
  ports: Pick<Ports, 'profiles' | 'secrets' | 'world'>,
  session: Session,
  content: Uint8Array,
): Promise<Profile> {
  const contentType = avatarTypeOf(content)
  if (contentType === undefined || content.length > avatarBytesMax) {
    throw new Refusal('avatar_invalid', 'The file is no PNG, JPEG or WebP, or larger than 256 KiB.')
  }
  const avatarId = numberFromBytes(ports.world.randomBytes(16))
  await ports.profiles.setAvatar(session.merchantId, session.userId, { avatarId, contentType, content })
  return showProfile(ports, session)
}

/**
 * Exchanges the code of the phone number button and keeps the number, sealed.
 * @throws Refusal phone_code_invalid, wechat_refused, wechat_unreachable
 */
export async function bindPhone(ports: Ports, session: Session, code: string): Promise<Profile> {
  if (!mayBeWxCode(code)) throw new Refusal('phone_code_invalid', 'No code of WeChat has such characters.')
  const answer = await ports.login.phoneNumber(session.merchantId, session.appid, code)
  switch (answer.outcome) {
    case 'phone': {
      const sealed = ports.secrets.seal(phoneContext(session), answer.phoneNumber)
      await ports.profiles.setPhone(session.merchantId, session.userId, sealed)
      return showProfile(ports, session)
    }
    case 'code_invalid':
      throw new Refusal('phone_code_invalid', 'WeChat did not accept the code.', answer.refusal)
    case 'refused':
      throw new Refusal('wechat_refused', 'WeChat refused to tell the phone number.', answer.refusal)
    case 'unknown':
      throw new Refusal('wechat_unreachable', 'WeChat did not answer; let the user tap the button again.')
  }
}

function phoneContext({ merchantId, userId }: Session): string {
  return `phone of user ${userId} of merchant ${merchantId}`
}
