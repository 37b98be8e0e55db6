import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wrap } from './text-layout.ts'

test('a date and its time, and the words of a command, are not torn apart', () => {
  assert.deepEqual(wrap('it is looked at again at 2026-11-28 23:54:21', 36), [
    'it is looked at again at',
    '2026-11-28 23:54:21',
  ])
  assert.deepEqual(wrap('Give it back: fenpay refund 67JDAPQG69W19B28TJ6X8ZWVZA --amount 18.80. Then wait.', 60), [
    'Give it back:',
    'fenpay refund 67JDAPQG69W19B28TJ6X8ZWVZA --amount 18.80.',
    'Then wait.',
  ])
})
