/** The real fetch, in which a test holds back or replaces the next answer to an address. */
export interface HeldFetch {
  fetch: typeof fetch
  /** Makes the call, and gives its answer only when released. */
  holdAnswer(path: string): Held
  /** Keeps the call itself back until released. */
  holdCall(path: string): Held
  /** Answers in WeChat's place. */
  replace(path: string, answer: Response): void
}

interface Held {
  /** Resolves when the call is there. */
  arrived: Promise<void>
  release(): void
}

type Act = (call: () => Promise<Response>) => Promise<Response>

export function heldFetch(): HeldFetch {
  const rules: { path: string; act: Act }[] = []

  function hold(
    path: string,
    act: (call: () => Promise<Response>, arrive: () => void, gate: Promise<void>) => Promise<Response>,
  ): Held {
    const arrived = Promise.withResolvers<void>()
    const gate = Promise.withResolvers<void>()
    rules.push({ path, act: (call) => act(call, arrived.resolve, gate.promise) })
    return { arrived: arrived.promise, release: gate.resolve }
  }

  return {
    fetch: async (input, init) => {
      const call = () => fetch(input, init)
      const index = rules.findIndex(({ path }) => String(input).includes(path))
      const [rule] = index < 0 ? [] : rules.splice(index, 1)
      return rule === undefined ? call() : rule.act(call)
    },
    holdAnswer: (path) =>
      hold(path, async (call, arrive, gate) => {
        const answer = await call()
        const body = await answer.arrayBuffer()
        arrive()
        await gate
        return new Response(answer.status === 204 ? null : body, { status: answer.status, headers: answer.headers })
      }),
    holdCall: (path) =>
      hold(path, async (call, arrive, gate) => {
        arrive()
        await gate
        return call()
      }),
    replace: (path, answer) => void rules.push({ path, act: async () => answer }),
  }
}
