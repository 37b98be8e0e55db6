import { wrongUse } from './cli-failure.ts'
import { type AddCommands, listing } from './command-parts.ts'
import { readNewest } from './newest.ts'
import { show } from './show.ts'
import { table } from './text-layout.ts'
import { balanceCells, bookedSides, dateTime, spoken } from './words.ts'

export const addLedgerCommand: AddCommands = (program, run) => {
  listing(program, 'ledger', 'the balances of the accounts, and the latest postings')
    .option('--account <name>', 'the postings of one account')
    .action((options: { json?: boolean; limit: string; account?: string }) =>
      run(async ({ host, reports, merchantId }) => {
        const id = await merchantId()
        const balances = (await reports.balances(id)).map(({ account, balance_fen }) => ({ account, balance_fen }))
        if (options.account !== undefined && !balances.some(({ account }) => account === options.account))
          throw wrongUse(
            `Nothing was posted to an account ${JSON.stringify(options.account)}.`,
            `Write one of: ${balances.map(({ account }) => account).join(', ') || 'none yet'}.`,
          )
        const { rows: postings, more } = await readNewest(options.limit, (limit) =>
          reports.postings(id, options.account, limit),
        )
        show(host, options, { balances, postings }, (report) => [
          ...table(
            [{ title: 'account' }, { title: 'debit', align: 'right' }, { title: 'credit', align: 'right' }],
            report.balances.map(({ account, balance_fen }) => [account, ...balanceCells(balance_fen)]),
          ),
          '',
          ...table(
            [{ title: 'posted' }, { title: 'what' }, { title: 'payment or refund' }, { title: 'entries' }],
            report.postings.map((posting) => [
              dateTime(posting.posted_at),
              spoken(posting.kind),
              posting.source_id,
              bookedSides(posting.entries),
            ]),
          ),
          ...more,
        ])
        return undefined
      }),
    )
}
