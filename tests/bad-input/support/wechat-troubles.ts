import type { Relay, Spoilt } from './relay.ts'
import type { Stage } from './stage.ts'
import type { Attack, Case } from './test-table.ts'

/** A WeChat that gives no usable answer, each way. The keys are the ends of the row ids. */
export const troubles: Record<string, Spoilt> = {
  silent: 'silence',
  reset: 'reset',
  '502-html': { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>502 Bad Gateway</h1>' },
  'half-body': 'half body',
  'empty-body': { status: 200, body: '' },
}

/** One case for each trouble, and one for a WeChat that cannot be connected to. `play` sends what needs WeChat. */
export function troubleCases(
  stage: Stage,
  pathAtWeChat: string,
  play: (attack: Attack, begin: () => Promise<void> | void) => Promise<unknown>,
): Record<string, Case> {
  const cases = Object.entries(troubles).map(([name, how]): [string, Case] => [
    `wechat-${name}`,
    (attack) => play(attack, () => stage.relay.spoil(pathAtWeChat, how)),
  ])
  const refused: Case = async (attack) => {
    try {
      await play(attack, () => stage.relay.goDown())
    } finally {
      await stage.relay.comeUp()
    }
  }
  return { ...Object.fromEntries(cases), 'wechat-connection-refused': refused }
}

/** A refusal as Pay v3 sends it: unsigned JSON with an HTTP status of its own. */
export function refuseV3(relay: Relay, path: string, status: number, code: string, message = 'no'): void {
  relay.spoil(path, {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ code, message }),
  })
}
