import { isIPv4 } from 'node:net'

/**
 * Why a notify_url is refused, or `undefined`. WeChat wants an absolute address without query and without a private
 * host. Real WeChat refuses loopback too; here the back end lives on it, so loopback passes.
 */
export function notifyUrlProblem(text: string): string | undefined {
  if (!URL.canParse(text) || !/^https?:\/\/[^\s]+$/.test(text)) return '必须是完整的http或https地址'
  const url = new URL(text)
  if (text.includes('?') || text.includes('#')) return '不能携带参数'
  if (url.username !== '' || url.password !== '') return '不能携带用户信息'
  if (isPrivate(url.hostname)) return '不能是内网地址'
  return undefined
}

/** Whether the host is this machine: the only place the simulator sends anything to. */
export const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' ||
  hostname.endsWith('.localhost') ||
  hostname === '[::1]' ||
  (isIPv4(hostname) && hostname.startsWith('127.'))

function isPrivate(hostname: string): boolean {
  if (isLoopback(hostname)) return false
  if (!isIPv4(hostname)) return /^\[(fc|fd|fe[89ab]|::)/.test(hostname) || !hostname.includes('.')
  const [first = 0, second = 0] = hostname.split('.').map(Number)
  return (
    first === 10 ||
    first === 0 ||
    (first === 172 && second >= 16 && second < 32) ||
    (first === 192 && second === 168) ||
    (first === 169 && second === 254) ||
    (first === 100 && second >= 64 && second < 128)
  )
}
