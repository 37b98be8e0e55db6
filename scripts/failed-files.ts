/** A reporter for Node's test runner: each file in which a test failed, a line each. */
import type { TestEvent } from 'node:test/reporters'

export default async function* failedFiles(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files = new Set<string>()
  for await (const event of events) {
    if (event.type !== 'test:fail' || event.data.file === undefined || files.has(event.data.file)) continue
    files.add(event.data.file)
    yield `${event.data.file}\n`
  }
}
