import { type SettleFlagOutcome, settleFlag } from '../commands/settle-flag.ts'
import { flagCatalogue } from '../domain/flag.ts'
import type { ReportedFlag } from '../storage/report-rows.ts'
import type { CliContext } from './cli-context.ts'
import { CliFailure } from './cli-failure.ts'
import { type AddCommands, deciding, listing, reading, staffOf } from './command-parts.ts'
import { flagTodo } from './flag-todo.ts'
import { flagLines } from './flag-view.ts'
import { readLimit } from './read-amount.ts'
import { show } from './show.ts'
import { table } from './text-layout.ts'
import { balanceCells, count, personOf } from './words.ts'

/** For machines what the kind means stands beside the flag. */
const withMeaning = (flag: ReportedFlag) => ({
  ...flag,
  what: flagCatalogue[flag.kind].what,
  todo: flagTodo(flag),
})

export const addFlagCommands: AddCommands = (program, run) => {
  listing(program, 'flags', 'what a person must look at, and what to do')
    .option('--all', 'the settled ones too')
    .action((options: { json?: boolean; limit: string; all?: boolean }) =>
      run(async ({ host, reports, merchantId }) => {
        const id = await merchantId()
        const isOpen = options.all !== true
        const found = await reports.flags(id, isOpen, readLimit(options.limit))
        const total = await reports.flagCount(id, isOpen)
        show(host, options, { flags: found.map(withMeaning) }, ({ flags }, paint) =>
          flags.length === 0
            ? ['No open flag: nobody has to do anything.']
            : [...flags.flatMap((flag) => [...flagLines(flag, paint), '']), countOf(flags.length, total)],
        )
        return undefined
      }),
    )

  reading(program, 'flag <id>', 'one flag').action((id: string, options: { json?: boolean }) =>
    run(async (context) => {
      const flag = await findFlag(context, id)
      show(context.host, options, withMeaning(flag), flagLines)
      return undefined
    }),
  )

  deciding(program, 'settle-flag <id>', 'a person has looked: the flag is over')
    .requiredOption('--note <text>', 'what was found or done')
    .action((id: string, { note, by }: { note: string; by?: string }) =>
      run(async (context) => {
        const flag = await findFlag(context, id)
        const { kind, subject_id: subjectId } = flag
        const settled = { note, by: staffOf(context, by) }
        // One that is over must not settle a later one about the same thing, at which nobody has looked.
        const outcome: SettleFlagOutcome =
          flag.resolved_at === null
            ? await settleFlag(context, await context.merchantId(), { kind, subjectId }, settled)
            : { outcome: 'not_open' }
        if (outcome.outcome === 'not_open')
          throw new CliFailure('flag_settled', `Flag ${id} is settled already.`, `Read how: fenpay flag ${id}`)
        if (outcome.outcome === 'refused') throw new CliFailure(outcome.code, outcome.detail, flagTodo(flag))
        context.host.write(`Flag ${id} (${kind}) is settled by ${personOf(settled.by)}.\n`)
        return undefined
      }),
    )

  reading(program, 'check', 'whether everything that must always be true of the database is').action(
    (options: { json?: boolean }) =>
      run(async ({ host, reports }) => {
        const report = await reports.check()
        show(host, options, report, ({ checked, broken, balances }, paint) => [
          ...checked.map(({ id, what }) => {
            const rows = broken.find((invariant) => invariant.id === id)?.rows
            return rows === undefined
              ? `${paint('green', 'holds')}   ${id.padEnd(4)} ${what}`
              : [
                  paint('red', `BROKEN  ${id.padEnd(4)} ${what}`),
                  ...rows.map((row) => `          ${JSON.stringify(row)}`),
                ].join('\n')
          }),
          '',
          ...table(
            [
              { title: 'merchant' },
              { title: 'account' },
              { title: 'debit', align: 'right' },
              { title: 'credit', align: 'right' },
            ],
            balances.map((row) => [row.merchant_id, row.account, ...balanceCells(row.balance_fen)]),
          ),
          '',
          broken.length === 0
            ? `${count(checked.length, 'invariant')} checked: all hold.`
            : `${count(checked.length, 'invariant')} checked, ${broken.length} broken. Keep this output, and find out before anything is changed by hand.`,
        ])
        return report.broken.length === 0 ? 0 : 1
      }),
  )
}

/** `3 flags`; `1 of 3 flags` where the limit leaves some out. */
function countOf(shown: number, total: number): string {
  return total > shown ? `${shown} of ${count(total, 'flag')}; the others with --limit <n>` : count(shown, 'flag')
}

async function findFlag({ reports, merchantId }: CliContext, id: string): Promise<ReportedFlag> {
  const flag = await reports.flag(await merchantId(), id)
  if (flag === undefined) throw new CliFailure('flag_not_found', `There is no flag ${id}.`, 'See: fenpay flags --all')
  return flag
}
