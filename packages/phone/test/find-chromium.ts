import { existsSync } from 'node:fs'

const places = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
]

/** Where Chromium is on this machine. Throws, with how to install it, when there is none. */
export function findChromium(): string {
  const found = places.find((path) => path !== undefined && existsSync(path))
  if (found === undefined) {
    throw new Error(
      'Chromium is not installed: apt install chromium, brew install chromium, or set CHROMIUM to its path',
    )
  }
  return found
}

/** Flags for a headless run as root and without a network. */
export const chromiumFlags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
