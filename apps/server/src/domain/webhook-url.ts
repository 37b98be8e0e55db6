import { BlockList, isIP } from 'node:net'

/**
 * Addresses that are nobody's on the open internet (A51): private, link-local, loopback, documentation, multicast, and
 * the forms that carry one of them inside.
 */
const notPublic = new BlockList()
const loopback = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  notPublic.addSubnet(network, prefix, 'ipv4')
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')
const globalV6 = new BlockList()
globalV6.addSubnet('2000::', 3, 'ipv6')
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  notPublic.addSubnet(network, prefix, 'ipv6')

/** Whether a webhook may go to this address. `allowLoopback` is for a receiver on the developer's own machine. */
export function isWebhookAddress(address: string, allowLoopback: boolean): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (isIP(address) === 0) return false
  if (loopback.check(address, family)) return allowLoopback
  if (notPublic.check(address, family)) return false
  // Of IPv6 only the global part is public: local, link-local and IPv4 inside IPv6 are elsewhere.
  return family === 'ipv4' || globalV6.check(address, 'ipv6')
}

/** The URL as it is requested: however it is written, one address is one text. It must be one that has no problem. */
export function webhookAddress(text: string): string {
  const url = new URL(text)
  url.hash = ''
  return url.href
}

/** What is wrong with a webhook's URL as it stands; undefined when it may be tried. Its name is resolved at each try. */
export function webhookUrlProblem(text: string, allowLoopback: boolean): string | undefined {
  if (text.length > 2048 || !URL.canParse(text)) return 'The address is no URL of at most 2048 characters.'
  const url = new URL(text)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isLoopback =
    host === 'localhost' || (isIP(host) !== 0 && isWebhookAddress(host, true) && !isWebhookAddress(host, false))
  if (url.protocol !== 'https:' && !(allowLoopback && isLoopback && url.protocol === 'http:'))
    return 'The address must begin with https://.'
  if (url.username !== '' || url.password !== '') return 'The address must not hold a user name or password.'
  if (isIP(host) !== 0 && !isWebhookAddress(host, allowLoopback)) return 'The address is not on the public internet.'
  return undefined
}
