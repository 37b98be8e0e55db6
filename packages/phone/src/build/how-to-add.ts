/** What to do about a call of `wx` that the phone does not have. */
export const howToAdd =
  'to add it, write it in packages/phone/src/runtime/wx/ and name it in packages/phone/src/build/wx-names.ts'
