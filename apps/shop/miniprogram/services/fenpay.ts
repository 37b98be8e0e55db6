import { config } from '../config'
import { createFenpay } from '../fenpay-client.js'

/** The one connection to the shop's server. */
export const fenpay = createFenpay({ wx, baseUrl: config.apiBaseUrl })
