/**
 * Rules of this house that no linter knows, as a small program: what may not be called, and where it is allowed.
 * Each rule says what to use instead.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

interface Rule {
  name: string
  /** Which files it is about. */
  files: RegExp
  except?: RegExp
  forbidden: RegExp
  instead: string
}

/**
 * Where the world outside is touched, and why there. Everything else gets time, randomness and pauses from its caller:
 * a seed must replay a whole history (E.1), so what only `World` or an option may change may be read nowhere else.
 */
export const adapters: Record<string, string> = {
  'apps/server/src/world.ts': 'it is the real world',
  'apps/server/src/main.ts': 'the process itself',
  'apps/server/src/cli.ts': 'the process itself, of one command',
  'apps/server/src/server.ts': 'bounds how long a stop may take',
  'apps/server/src/jobs/outbox-jobs.ts': 'bounds how long the job queue may take to stop',
  'apps/server/src/jobs/repeat.ts': 'the pause between two rounds; a round takes its time from World',
  'apps/server/src/storage/connect.ts': 'the pause before a deadlocked transaction runs again; its length is injected',
  'apps/server/src/storage/migrate.ts': 'waits for a lock, before there is a server',
  'apps/server/src/storage/guarded-begin.ts': 'one turn of the event loop, which takes no time',
  'apps/server/src/storage/embedded/start-embedded-postgres.ts': 'waits for a real process',
  'apps/server/src/storage/embedded/running-postgres.ts': 'waits for a real process',
  'apps/server/src/storage/embedded/postmaster.ts': 'waits for a real process',
  'apps/server/src/storage/embedded/cluster.ts': 'the password of a database that is being made',
  'apps/server/src/storage/embedded/data-directory-lock.ts': 'the name of a file that lives for a moment',
  'packages/wechat/src/http/http-caller.ts': 'the defaults of its options, and the monotonic clock of time limits',
  'packages/wechat/src/http/exchange.ts': 'ends a call that takes too long',
  'packages/wechat/src/auth/platform-keys.ts': 'ends the wait for a download that takes too long',
  'packages/simulator/src/simulator.ts': 'the defaults of its options',
  'packages/simulator/src/cli.ts': 'the process itself',
  'packages/simulator/src/delivery/notifier.ts': 'the timer of what is due by itself; option delivery switches it off',
  'packages/simulator/src/delivery/post.ts': 'ends a delivery that takes too long; option post replaces it',
  'packages/simulator/src/misbehaviour.ts': 'drips bytes in real time, which is the fault it plays',
  'packages/simulator/src/network-jitter.ts': 'delays in real time, which is the fault it plays',
}
const adapterOrTest = new RegExp(`\\.test\\.ts$|^(${Object.keys(adapters).join('|').replaceAll('.', '\\.')})$`)
const test = /\.test(-d)?\.ts$|\/test\//

export const rules: Rule[] = [
  {
    name: 'time and randomness are injected',
    files: /^apps\/server\/src\/|^packages\/(contract|wechat|simulator)\/src\//,
    except: adapterOrTest,
    forbidden:
      /\bDate\.now\b(?!`)|\bnew Date(?:\(\)|\b(?!\())|\bMath\.random\b(?!`)|\bperformance\.now\b|\b(randomUUID|randomInt|getRandomValues)\b|^import .*\brandomBytes\b.*'(node:)?crypto'/,
    instead: 'take them from World, or from the options of the constructor',
  },
  {
    name: 'nothing waits by itself (E.1)',
    files: /^apps\/server\/src\/|^packages\/(contract|wechat|simulator)\/src\//,
    except: adapterOrTest,
    forbidden: /(?<![.\w])set(Timeout|Interval|Immediate)\(|'(node:)?timers(\/promises)?'/,
    instead:
      'store when it is due and let a sweep find it, or take the pause from the options; an adapter is named with its reason',
  },
  {
    name: 'HTTP goes out through packages/wechat alone',
    files: /^apps\/server\/src\/|^packages\/(contract|client|wechat)\/src\//,
    // Webhooks go to the merchant's own systems, by a client that is made for addresses others chose. Mutual TLS is beyond
    // `fetch`; secure-fetch is what callers give in its place.
    except: /\.test\.ts$|^(apps\/server\/src\/gateway\/webhook-post|packages\/wechat\/src\/http\/secure-fetch)\.ts$/,
    forbidden: /(?<![.\w])fetch\(|^import (?!type ).*from 'node:https?'|\bundici\b/,
    instead: 'call WeChat through the gateway',
  },
  {
    name: 'no float touches money (A29)',
    files: /^(apps|packages)\/.*\.ts$/,
    except: test,
    forbidden: /\bparseFloat\(|\.toFixed\(/,
    instead: 'whole fen, as packages/contract/src/money.ts makes them',
  },
  {
    name: 'verification is never switched off (A10, A53)',
    files: /\.(ts|json|cjs)$/,
    // The simulated WeChat lets clients without a certificate in, to tell them CERT_ERROR as WeChat does; it checks by itself.
    except: /^scripts\/house-rules|^packages\/simulator\/src\/secure-server\.ts$/,
    forbidden: /rejectUnauthorized|NODE_TLS_REJECT_UNAUTHORIZED|skip_?verif/i,
    instead: 'trust the simulator by its own certificate authority',
  },
  {
    name: 'SQL lives in storage',
    files: /^apps\/server\/src\//,
    except: /^apps\/server\/src\/(storage\/|server\.ts)|\.test\.ts$/,
    forbidden: /\b(sql|tx)`|from 'postgres'/,
    instead: 'a query module under storage/, behind a port',
  },
  {
    name: 'an HTTP status is known to http alone',
    files: /^apps\/server\/src\/(domain|commands|storage|gateway|jobs)\//,
    except: new RegExp(`${test.source}|/gateway/webhook-post\\.ts$`),
    forbidden: /\bstatusCode\b|\.code\([45]\d\d\)/,
    instead: 'a Refusal with its code; http/problem.ts has the status',
  },
  {
    name: 'no test is skipped or alone',
    files: /\.test\.ts$/,
    except: /^scripts\/house-rules/,
    forbidden: /\b(test|it|describe)\.(skip|only|todo)\(|\{[^}]*\b(skip|todo|only): /,
    instead: 'mend it or delete it',
  },
  {
    name: 'the project speaks of itself alone',
    files: /./,
    except: /^scripts\/house-rules|^package-lock\.json$/,
    forbidden: new RegExp(`${['registry', 'npmjs'].join('[.]')}|deb\\.debian\\.org|/home/[a-z]+/|/Users/[a-z]+/`),
    instead: 'no host of a package registry, no path of one machine',
  },
]

/** What a file's text breaks: line and rule. */
export function violations(path: string, text: string): { line: number; rule: Rule }[] {
  const concerned = rules.filter((rule) => rule.files.test(path) && !rule.except?.test(path))
  return text
    .split('\n')
    .flatMap((content, index) =>
      concerned.filter((rule) => rule.forbidden.test(content)).map((rule) => ({ line: index + 1, rule })),
    )
}

function main(): void {
  const paths = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
    .trim()
    .split('\n')
  let count = 0
  for (const path of paths.filter((name) => /\.(ts|cjs|json|md|sql|yml|sh)$|^\.ci\//.test(name))) {
    let text: string
    try {
      text = readFileSync(path, 'utf8')
    } catch {
      continue // Deleted, and not yet committed so.
    }
    for (const { line, rule } of violations(path, text)) {
      count += 1
      console.error(`${path}:${line}: ${rule.name}; instead: ${rule.instead}`)
    }
  }
  if (count > 0) process.exit(1)
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) main()
