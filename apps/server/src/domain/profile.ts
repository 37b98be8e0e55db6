/** An avatar is at most this large; WeChat gives pictures of about 20 KiB. */
export const avatarBytesMax = 256 * 1024

export type AvatarType = 'image/png' | 'image/jpeg' | 'image/webp'

/** The picture's type by its first bytes, whatever its name claims: what is served as a picture must be one (A46). */
export function avatarTypeOf(content: Uint8Array): AvatarType | undefined {
  if (startsWith(content, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'image/png'
  if (startsWith(content, 0, [0xff, 0xd8, 0xff])) return 'image/jpeg'
  const riff = startsWith(content, 0, [0x52, 0x49, 0x46, 0x46]) && startsWith(content, 8, [0x57, 0x45, 0x42, 0x50])
  return riff ? 'image/webp' : undefined
}

/** `13800001234` → `138****1234`: enough for the owner to recognise. */
export function maskPhone(phone: string): string {
  return phone.length < 8 ? '****' : `${phone.slice(0, 3)}****${phone.slice(-4)}`
}

function startsWith(content: Uint8Array, offset: number, bytes: readonly number[]): boolean {
  return bytes.every((byte, index) => content[offset + index] === byte)
}
