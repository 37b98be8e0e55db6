/** Asks the phone's server. Throws with its own words when it says no. */
export async function askPhone(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<unknown> {
  const response = await fetch(`/_phone/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const answer: unknown = await response.json()
  if (response.ok) return answer
  const { message } = answer as { message?: string }
  throw new Error(message ?? `the phone answered ${response.status}`)
}
