/** Platform certificates have hex serials, public keys `PUB_KEY_ID_` and digits. */
export const serialForm = /^(?:PUB_KEY_ID_)?[0-9A-F]{8,64}$/

/** Serial numbers are compared without leading zeros: libraries differ on whether to print them. */
export function normalSerial(serial: string): string {
  return serial.toUpperCase().replace(/^0+/, '')
}
