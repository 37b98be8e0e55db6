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

const test = /\.test(-d)?\.ts$|\/test\//

export const rules: Rule[] = [
  {
    name: 'time and randomness are injected',
    files: /^apps\/server\/src\/|^packages\/(contract|wechat|simulator)\/src\//,
    except: /\.test\.ts$|^apps\/server\/src\/(world|main)\.ts$|^packages\/simulator\/src\/(world|cli)\.ts$/,
    forbidden: /\bDate\.now\(\)|\bnew Date\(\)|\bMath\.random\(\)|\brandomUUID\(/,
    instead: 'take them from World, or from the options of the constructor',
  },
  {
    name: 'HTTP goes out through packages/wechat alone',
    files: /^apps\/server\/src\//,
    // Webhooks go to the merchant's own systems, by a client that is made for addresses others chose.
    except: /\.test\.ts$|^apps\/server\/src\/gateway\/webhook-post\.ts$/,
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
    except: /^scripts\/house-rules/,
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
