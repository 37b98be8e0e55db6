import { settleFlag } from '../commands/settle-flag.ts'
import { flagCatalogue } from '../domain/flag.ts'
import type { ReportedFlag } from '../storage/report-rows.ts'
import type { CliContext } from './cli-context.ts'
import { CliFailure } from './cli-failure.ts'
import { type AddCommands, deciding, listing, reading, staffOf } from './command-parts.ts'
import { flagLines } from './flag-view.ts'
import { readLimit } from './read-amount.ts'
import { show } from './show.ts'
import { padStart } from './text-layout.ts'
import { balanceOf, count, personOf } from './words.ts'

/** For machines what the kind means stands beside the flag. */
const withMeaning = (flag: ReportedFlag) => ({ ...flag, ...flagCatalogue[flag.kind] })

export const addFlagCommands: AddCommands = (program, run) => {
  listing(program, 'flags', 'what a person must look at, and what to do')
    .option('--all', 'the settled ones too')
    .action((options: { json?: boolean; limit: string; all?: boolean }) =>
      run(async ({ host, reports, merchantId }) => {
        const found = await reports.flags(await merchantId(), options.all !== true, readLimit(options.limit))
        show(host, options, { flags: found.map(withMeaning) }, ({ flags }, paint) =>
          flags.length === 0
            ? ['No open flag: nobody has to do anything.']
            : [...flags.flatMap((flag) => [...flagLines(flag, paint), '']), count(flags.length, 'flag')],
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
        const { kind, subject_id: subjectId, resolved_at } = await findFlag(context, id)
        const settled = { note, by: staffOf(context, by) }
        // One that is over must not settle a later one about the same thing, at which nobody has looked.
        const isOpen = resolved_at === null
        if (!isOpen || !(await settleFlag(context, await context.merchantId(), { kind, subjectId }, settled)))
          throw new CliFailure('flag_settled', `Flag ${id} is settled already.`, `Read how: fenpay flag ${id}`)
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
          ...balances.map(
            (row) => `${row.merchant_id}  ${row.account.padEnd(18)} ${padStart(balanceOf(row.balance_fen), 20)}`,
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

async function findFlag({ reports, merchantId }: CliContext, id: string): Promise<ReportedFlag> {
  const flag = await reports.flag(await merchantId(), id)
  if (flag === undefined) throw new CliFailure('flag_not_found', `There is no flag ${id}.`, 'See: fenpay flags --all')
  return flag
}
