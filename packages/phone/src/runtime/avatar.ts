const hue = (name: string): number =>
  [...name].reduce((sum, letter) => (sum * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7)

const svg = (inside: string): Blob =>
  new Blob([`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 132 132" width="132" height="132">${inside}</svg>`], {
    type: 'image/svg+xml',
  })

/** A person's picture in WeChat: a colour of their own and the first character of their name. */
export function avatarOf(name: string): Blob {
  const initial = [...name][0] ?? '?'
  const character = `&#${initial.codePointAt(0)};`
  return svg(
    `<rect width="132" height="132" fill="hsl(${hue(name)} 45% 58%)"/><text x="66" y="66" dy=".35em" text-anchor="middle" font-family="sans-serif" font-size="60" fill="#fff">${character}</text>`,
  )
}

/** Pictures in the phone's album, drawn here. */
export const albumPictures = (): { name: string; picture: Blob }[] => [
  {
    name: '山',
    picture: svg(
      '<rect width="132" height="132" fill="#bfe3f5"/><circle cx="98" cy="34" r="13" fill="#fff3c4"/><path d="M0 132l42-66 26 40 20-28 44 54z" fill="#6fa287"/>',
    ),
  },
  {
    name: '猫',
    picture: svg(
      '<rect width="132" height="132" fill="#fbdcb5"/><path d="M34 50V22l20 16h24l20-16v28a34 34 0 1 1-64 0z" fill="#555b66"/><circle cx="54" cy="66" r="5" fill="#fff"/><circle cx="78" cy="66" r="5" fill="#fff"/>',
    ),
  },
  {
    name: '面',
    picture: svg(
      '<rect width="132" height="132" fill="#f4c7b6"/><path d="M24 66h84a42 42 0 0 1-84 0z" fill="#c8553d"/><path d="M40 64c4-24 8-34 6-44M60 64c2-20 8-30 6-46M80 64c2-16 8-30 6-42" stroke="#f9e3a3" stroke-width="5" fill="none"/>',
    ),
  },
]

/** The picture as a camera or WeChat gives it: pixels, which a back end takes as an avatar. */
export async function asPng(picture: Blob): Promise<Blob> {
  const image = new Image(132, 132)
  const url = URL.createObjectURL(picture)
  image.src = url
  await image.decode()
  URL.revokeObjectURL(url)
  const canvas = document.createElement('canvas')
  canvas.width = 132
  canvas.height = 132
  canvas.getContext('2d')?.drawImage(image, 0, 0, 132, 132)
  return new Promise((resolve, reject) =>
    canvas.toBlob((png) => (png === null ? reject(new Error('the picture has no pixels')) : resolve(png)), 'image/png'),
  )
}
