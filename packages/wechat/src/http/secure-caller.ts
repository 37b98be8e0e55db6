import { type ClientCertificate, checkClientCertificate, toCertificate } from './client-certificate.ts'
import { HttpCaller } from './http-caller.ts'
import type { HttpOptions } from './http-options.ts'
import { createSecureFetch } from './secure-fetch.ts'

/**
 * The caller for APIs that demand a client certificate: like the other one, with hosts and a transport of its own.
 * Undefined without a certificate. All options are checked either way.
 * @throws TypeError
 */
export function createSecureCaller(
  options: HttpOptions,
  clientCertificate: ClientCertificate | undefined,
  defaultBaseUrls: readonly string[],
): HttpCaller | undefined {
  const { secureBaseUrls: baseUrls = defaultBaseUrls, secureCaPem, secureFetch } = options
  if (!baseUrls.every((url) => /^https:/i.test(url))) throw new TypeError('Each of secureBaseUrls must be https')
  if (secureCaPem !== undefined) toCertificate('secureCaPem', secureCaPem)
  const certificate = clientCertificate && checkClientCertificate(clientCertificate)
  const fetcher = secureFetch ?? (certificate && createSecureFetch(certificate, secureCaPem))
  const caller = new HttpCaller({ ...options, baseUrls, ...(fetcher && { fetch: fetcher }) }, baseUrls)
  return certificate && caller
}
