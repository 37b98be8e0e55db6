/** Whether a host name, as it stands in a URL, is one of this machine's own. */
export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(hostname)
}

/**
 * The address a mini program may ask: http or https, on loopback or on the configured API's host and port. Anything else
 * is `undefined`: the phone must not become a way into other networks. The URL class has made every odd spelling of
 * an IPv4 address plain before it is looked at here.
 */
export function allowedAddress(text: string, apiUrl: string): URL | undefined {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  return isLoopback(url.hostname) || url.host === new URL(apiUrl).host ? url : undefined
}
