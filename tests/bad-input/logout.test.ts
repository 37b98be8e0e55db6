import { send } from './support/answer.ts'
import { withoutDatabase } from './support/order-number-cases.ts'
import { startStage } from './support/stage.ts'
import { testTable } from './support/test-table.ts'

const stage = await startStage()
const path = '/users/logout'

testTable('POST /users/logout', stage, {
  'no-token': (attack) => attack(() => send(stage.url, path)),
  'no-session': async (attack) => {
    const unknown = `${stage.config.merchant.merchantId}.${'A'.repeat(43)}`
    for (const token of [unknown, 'x', `Bearer ${unknown}`, "' or 1=1 --", `${'9'.repeat(32)}.${'A'.repeat(43)}`]) {
      await attack(() => send(stage.url, path, { token }))
    }
  },
  twice: async (attack) => {
    const { token } = await stage.shopper()
    await send(stage.url, path, { token })
    await attack(() => send(stage.url, path, { token }))
  },
  'not-json': async (attack) => {
    const { token } = await stage.shopper()
    await attack(() => send(stage.url, path, { token, body: '{', headers: { 'content-type': 'application/json' } }))
  },
  'A13-type': async (attack) => {
    const { token } = await stage.shopper()
    await attack(() => send(stage.url, path, { token, form: 'a=b' }))
  },
  'A45-other-method': async (attack) => {
    const { token } = await stage.shopper()
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS'])
      await attack(() => send(stage.url, path, { token, method }))
  },
  'database-stopped': async (attack) => {
    const shopper = await stage.shopper()
    await withoutDatabase(stage, () => attack(() => send(stage.url, path, { token: shopper.token })))
    await shopper.order()
  },
})
