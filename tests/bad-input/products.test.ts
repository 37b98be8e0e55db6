import { send } from './support/answer.ts'
import { withoutDatabase } from './support/order-number-cases.ts'
import { startStage } from './support/stage.ts'
import { type Attack, testTable } from './support/test-table.ts'

const stage = await startStage()
const get = (query: string) => send(stage.url, `/products?${query}`, { method: 'GET' })

async function attackWithEach(attack: Attack, queries: string[]): Promise<void> {
  for (const query of queries) await attack(() => get(query))
}

testTable('GET /products', stage, {
  'appid-unknown': (attack) => attackWithEach(attack, ['appid=wx0000000000000000', 'appid=', 'appid=%zz']),
  'appid-long': (attack) => attackWithEach(attack, [`appid=${'w'.repeat(33)}`]),
  'A6-nul': (attack) => attackWithEach(attack, ['appid=%00', `appid=${stage.appid}%00`]),
  'A6-utf8': (attack) => attackWithEach(attack, ['appid=%ff%fe', 'appid=%c0%af']),
  'A47-injection': (attack) => attackWithEach(attack, ["appid=' or 1=1 --", 'appid=wx%27%3Bdrop--']),
  'A57-twice': (attack) => attackWithEach(attack, [`appid=${stage.appid}&appid=${stage.appid}`]),
  'A32-more-fields': (attack) =>
    attackWithEach(attack, ['merchant_id=1900000001', 'sort=price_fen', '__proto__=x', 'appid[]=wx']),
  'database-stopped': (attack) => withoutDatabase(stage, () => attack(() => get(''))),
})
