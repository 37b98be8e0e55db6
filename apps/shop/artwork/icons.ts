/** The icons of the tab bar in a square of 48: lines for a tab that is not open, a filled shape for the open one. */
const line = (color: string, shape: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48" fill="none" stroke="${color}" stroke-width="2.7" stroke-linecap="round" stroke-linejoin="round">${shape}</svg>`

const menu = `<path d="M6 23h36a18 16 0 0 1-11 14.8V41H17v-3.200A18 16 0 0 1 6 23Z"/><path d="M16 16c-2-2.5 2-4.5 0-8M24 16c-2-2.5 2-4.5 0-8M32 16c-2-2.5 2-4.5 0-8"/>`
const orders = `<path d="M11 7h26v34l-4.300-3-4.400 3-4.300-3-4.300 3-4.400-3L11 41Z"/><path d="M18 17h12M18 25h12"/>`
const mine = `<circle cx="24" cy="16" r="8.5"/><path d="M7.5 41c0-9 7-14 16.5-14s16.5 5 16.5 14Z"/>`

const filled = (color: string, shape: string) => line(color, shape).replace('fill="none"', `fill="${color}"`)
const openOrders = orders.replace('<path d="M18 17', '<path stroke="#fff" d="M18 17')

const green = '#07c160'
const colors = { light: '#181818', dark: '#d1d1d1' }

/** By file name. */
export const tabIcons: Readonly<Record<string, string>> = {
  'menu-light': line(colors.light, menu),
  'menu-dark': line(colors.dark, menu),
  'menu-open': filled(green, menu),
  'orders-light': line(colors.light, orders),
  'orders-dark': line(colors.dark, orders),
  'orders-open': filled(green, openOrders),
  'mine-light': line(colors.light, mine),
  'mine-dark': line(colors.dark, mine),
  'mine-open': filled(green, mine),
}
