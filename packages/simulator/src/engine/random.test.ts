import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { alphabets, randomText, seededRandom } from './random.ts'

it('a seed replays, another one differs', () => {
  const draw = (seed: string): string => randomText(seededRandom(seed), alphabets.base64Url, 40)
  assert.equal(draw('a'), draw('a'))
  assert.notEqual(draw('a'), draw('b'))
})

it('text has its length and its alphabet', () => {
  const random = seededRandom('text')
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(alphabets)), fc.nat(100), (alphabet, length) => {
      const text = randomText(random, alphabet, length)
      assert.equal(text.length, length)
      assert.ok([...text].every((character) => alphabet.includes(character)))
    }),
  )
})
