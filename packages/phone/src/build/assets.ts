import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { pathInside } from './project.ts'

/** File types that WeChat takes into a package besides code (client-api.md 6), and webp. */
const assetTypes = new Set(
  '.png .jpg .jpeg .gif .svg .webp .cer .mp3 .aac .m4a .mp4 .wav .ogg .silk .wasm .br .cert'.split(' '),
)

/** The mini program's images, sounds and other files that its pages load by path, below its root. */
export function collectAssets(root: string): Map<string, Uint8Array> {
  const assets = new Map<string, Uint8Array>()
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) {
        if (entry.name !== 'node_modules' && !entry.name.startsWith('.')) visit(path)
      } else if (assetTypes.has(extname(entry.name).toLowerCase())) {
        assets.set(pathInside(root, path), readFileSync(path))
      }
    }
  }
  visit(root)
  return assets
}
