import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { testDatabase } from '../../test/database.ts'
import { checkInvariants } from './invariants.ts'
import { migrate, readMigrations } from './migrate.ts'

const { sql } = await testDatabase()
await migrate(sql, await readMigrations(fileURLToPath(new URL('./migrations', import.meta.url))))

/** A small world in order: one order paid after a notification, one closed, one open, and money that pays none. */
await sql.begin((tx) =>
  tx.unsafe(`
  insert into merchants values ('10000100', 'shop', 'v3', '');
  insert into apps values ('10000100', 'wx', '');
  insert into users (merchant_id, user_id, appid, openid) values ('10000100', 'anna', 'wx', 'o-anna'), ('10000100', 'ben', 'wx', 'o-ben');
  insert into products (merchant_id, sku, name, category, kind, price_fen, stock_total, stock_reserved, stock_sold)
    values ('10000100', 'noodles', 'noodles', 'food', 'physical', 500, 10, 1, 2);
  insert into orders (merchant_id, order_number, user_id, appid, openid, status, total_fen, created_at, expires_at, paid_fen, paid_at, transaction_id, closed_at, next_check_at, event_count)
    values ('10000100', 'paid', 'anna', 'wx', 'o-anna', 'paid', 1000, '2026-01-01Z', '2026-01-02Z', 1000, '2026-01-01 00:05Z', 't1', null, null, 3),
           ('10000100', 'closed', 'anna', 'wx', 'o-anna', 'closed', 500, '2026-01-01Z', '2026-01-02Z', null, null, null, '2026-01-01 00:09Z', null, 4),
           ('10000100', 'open', 'ben', 'wx', 'o-ben', 'pending', 500, '2026-01-01Z', '2026-01-02Z', null, null, null, null, now(), 1);
  insert into order_lines values ('10000100', 'paid', 1, 'noodles', 'noodles', 500, 2), ('10000100', 'closed', 1, 'noodles', 'noodles', 500, 1),
    ('10000100', 'open', 1, 'noodles', 'noodles', 500, 1);
  insert into order_events (merchant_id, order_number, seq, kind, from_status, to_status, cause, actor, detail, at)
    select '10000100', e.*, now() from (values
      ('paid', 1, 'submitted', null, 'pending', 'submit', 'user:anna', '{}'::jsonb),
      ('paid', 2, 'attempt_intended', 'pending', 'pending', 'prepay', 'user:anna', '{}'),
      ('paid', 3, 'paid', 'pending', 'paid', 'notify', 'wechat', '{}'),
      ('closed', 1, 'submitted', null, 'pending', 'submit', 'user:anna', '{}'),
      ('closed', 2, 'cancelled', 'pending', 'closing', 'cancel', 'user:anna', '{}'),
      ('closed', 3, 'closed', 'closing', 'closed', 'cancel', 'fenpay', '{}'),
      ('closed', 4, 'payment_suspended', 'closed', 'closed', 'query', 'wechat', '{"transaction_id": "t2"}'),
      ('open', 1, 'submitted', null, 'pending', 'submit', 'user:ben', '{}')) e;
  insert into stock_settlements values ('10000100', 'paid', 'sold'), ('10000100', 'closed', 'released');
  insert into attempts (merchant_id, out_trade_no, order_number, seq, pay_api, status, appid, openid, total_fen, description, notify_url, client_ip, time_expire, created_at)
    values ('10000100', 'number-1', 'paid', 1, 'v3', 'paid', 'wx', 'o-anna', 1000, '', '', '', now(), now()),
           ('10000100', 'number-2', 'closed', 1, 'v3', 'closed', 'wx', 'o-anna', 500, '', '', '', now(), now()),
           ('10000100', 'number-3', 'open', 1, 'v3', 'intended', 'wx', 'o-ben', 500, '', '', '', now(), now());
  insert into payments (merchant_id, transaction_id, out_trade_no, order_number, amount_fen, currency, payer_openid, success_time, disposition, reason, source, pay_api, appid)
    values ('10000100', 't1', 'number-1', 'paid', 1000, 'CNY', 'o-anna', '2026-01-01 00:05Z', 'order', null, 'notify', 'v3', 'wx'),
           ('10000100', 't2', 'number-2', 'closed', 500, 'CNY', 'o-anna', '2026-01-01 00:10Z', 'suspense', 'late_payment', 'query', 'v3', 'wx');
  insert into refunds (merchant_id, out_refund_no, transaction_id, out_trade_no, order_number, pay_api, appid, status, amount_fen, total_fen,
                       reason, source, created_by, created_at, refund_id, accepted_at, success_time, decided_at, next_check_at)
    values ('10000100', 'back', 't1', 'number-1', 'paid', 'v3', 'wx', 'succeeded', 500, 1000, 'cold', 'staff', 'staff:eve', now(), 'w1', now(), now(), now(), null),
           ('10000100', 'vain', 't1', 'number-1', 'paid', 'v3', 'wx', 'refused', 500, 1000, 'cold', 'staff', 'staff:eve', now(), null, null, null, now(), null),
           ('10000100', 'late', 't2', 'number-2', 'closed', 'v3', 'wx', 'processing', 500, 500, 'late', 'policy', 'fenpay', now(), 'w2', now(), null, null, now());
  insert into refund_lines values ('10000100', 'back', 'paid', 'noodles', 1, 500);
  insert into ledger_postings values ('10000100', 'payment_received', 't1', 'paid', now()), ('10000100', 'payment_suspended', 't2', 'closed', now()),
    ('10000100', 'refund_accepted', 'back', 'paid', now()), ('10000100', 'refund_succeeded', 'back', 'paid', now()),
    ('10000100', 'refund_accepted', 'late', 'closed', now());
  insert into ledger_entries values
    ('10000100', 'payment_received', 't1', 'wechat_receivable', 1000), ('10000100', 'payment_received', 't1', 'revenue', -1000),
    ('10000100', 'payment_suspended', 't2', 'wechat_receivable', 500), ('10000100', 'payment_suspended', 't2', 'suspense', -500),
    ('10000100', 'refund_accepted', 'back', 'refunds', 500), ('10000100', 'refund_accepted', 'back', 'refunds_in_transit', -500),
    ('10000100', 'refund_succeeded', 'back', 'refunds_in_transit', 500), ('10000100', 'refund_succeeded', 'back', 'wechat_receivable', -500),
    ('10000100', 'refund_accepted', 'late', 'suspense', 500), ('10000100', 'refund_accepted', 'late', 'refunds_in_transit', -500);
  insert into flags (merchant_id, flag_id, kind, subject_type, subject_id, order_number, opened_at)
    values ('10000100', 'f1', 'late_payment', 'payment', 't2', 'closed', now());
  insert into notify_inbox (merchant_id, inbox_id, pay_api, received_at, headers, body, verdict, transaction_id, decided_at)
    values ('10000100', 'message-1', 'v3', now(), '{}', '', 'applied', 't1', now());
  insert into idempotency_keys values ('10000100', 'anna', 'submit-order', 'key', '', '{"order_number": "paid"}')`),
)

/** The database's own guards stand in the way of every one of these; they are taken down first. */
const breaks: [id: string, what: string, statement: string][] = [
  ['I1', 'a payment of an order is not recorded', `delete from payments where transaction_id = 't1'`],
  ['I1', 'an order says another amount', `update orders set paid_fen = 999 where order_number = 'paid'`],
  ['I1', 'an order says another time', `update orders set paid_at = now() where order_number = 'paid'`],
  ['I1', 'suspense without a reason', `update payments set reason = null where transaction_id = 't2'`],
  ['I1', 'suspense that nobody is told of', `delete from flags`],
  ['I1', 'suspense called settled while it is not', `update flags set resolved_at = now(), resolved_by = 'fenpay'`],
  [
    'I2',
    'a second payment that is not given back',
    `update payments set reason = 'duplicate_payment' where transaction_id = 't2'`,
  ],
  [
    'I2',
    'a second payment on an order',
    `update payments set order_number = 'paid', disposition = 'order', reason = null`,
  ],
  [
    'I2',
    'two live attempts',
    `update attempts set order_number = 'open', seq = 2, status = 'unknown' where out_trade_no = 'number-2'`,
  ],
  [
    'I3',
    'an order paid by the attempt of another',
    `update attempts set order_number = 'open', seq = 2 where out_trade_no = 'number-1'`,
  ],
  ['I3', 'an attempt that asked for less', `update attempts set total_fen = 1 where out_trade_no = 'number-1'`],
  ['I3', 'another currency', `update payments set currency = 'USD' where transaction_id = 't1'`],
  ['I3', 'a paid attempt without a payment', `update attempts set status = 'paid' where out_trade_no = 'number-3'`],
  ['I4', 'an event that begins elsewhere', `update order_events set from_status = 'closing' where kind = 'paid'`],
  ['I4', 'an edge that is none', `update order_events set from_status = 'closed' where order_number = 'open'`],
  ['I5', 'a paid order that is open again', `update orders set status = 'pending' where order_number = 'paid'`],
  ['I6', 'a missing event', `delete from order_events where kind = 'attempt_intended'`],
  ['I6', 'a change without a cause', `update order_events set cause = '' where kind = 'paid'`],
  ['I6', 'a status without its event', `update orders set status = 'closing' where order_number = 'open'`],
  [
    'I7',
    'a posting that does not sum to zero',
    `update ledger_entries set amount_fen = -499 where account = 'revenue'`,
  ],
  ['I7', 'a posting without entries', `delete from ledger_entries where source_id = 't2'`],
  ['I7', 'a balance of its own', `update ledger_balances set balance_fen = balance_fen + 1 where account = 'revenue'`],
  ['I8', 'a ledger that can be changed', `alter table ledger_entries disable trigger ledger_entries_append_only`],
  ['I9', 'a payment that is not posted', `delete from ledger_postings where source_id = 't1'`],
  ['I9', 'a refund that is not posted', `delete from ledger_postings where kind = 'refund_succeeded'`],
  [
    'I9',
    'a payment posted as another amount',
    `update ledger_entries set amount_fen = amount_fen * 2 where source_id = 't1'`,
  ],
  [
    'I9',
    'a payment of an order posted to suspense',
    `update ledger_entries set account = 'suspense' where source_id = 't1' and account = 'revenue'`,
  ],
  [
    'I9',
    'a refund posted as another amount',
    `update ledger_entries set amount_fen = amount_fen * 2 where source_id = 'back'`,
  ],
  [
    'I9',
    'suspense given back out of what orders brought',
    `update ledger_entries set account = 'refunds' where source_id = 'late' and account = 'suspense'`,
  ],
  [
    'I9',
    'a posting of nothing',
    `insert into ledger_postings values ('10000100', 'payment_received', 't9', null, now())`,
  ],
  [
    'I9',
    'a refund put right that was never given up',
    `update ledger_postings set kind = 'refund_corrected' where kind = 'refund_succeeded'`,
  ],
  ['I10', 'refunds counted that are none', `update payment_balances set refund_count = 49 where transaction_id = 't1'`],
  ['I10', 'more given back than was paid', `update refunds set amount_fen = 1001 where out_refund_no = 'back'`],
  [
    'I10',
    'a refund whose money is not held',
    `update payment_balances set reserved_fen = 0 where transaction_id = 't2'`,
  ],
  [
    'I10',
    'pieces held by a refund that holds none',
    `update refunds set holds_pieces = false where out_refund_no = 'back'`,
  ],
  ['I10', 'more pieces given back than were bought', `update refund_lines set quantity = 3`],
  ['I10', 'an order that tells another sum', `update orders set refunded_fen = 1 where order_number = 'paid'`],
  ['I11', 'one refund of WeChat under two numbers', `update refunds set refund_id = 'w2' where out_refund_no = 'back'`],
  ['I9', 'one number paid twice', `update payments set out_trade_no = 'number-1'`],
  ['I9', 'paid, but no event says so', `update order_events set kind = 'noted' where kind = 'paid'`],
  ['I9', 'suspense that the history does not know', `update order_events set detail = '{}'`],
  ['I12', 'a piece reserved for nobody', `update products set stock_reserved = 2`],
  ['I12', 'a piece sold to nobody', `update products set stock_sold = 3`],
  ['I12', 'more sold than there are', `update products set stock_total = 2`],
  [
    'I13',
    'a paid order whose stock went back',
    `update stock_settlements set outcome = 'released' where order_number = 'paid'`,
  ],
  ['I13', 'a closed order that keeps its stock', `delete from stock_settlements where order_number = 'closed'`],
  ['I13', 'an open order without its stock', `insert into stock_settlements values ('10000100', 'open', 'released')`],
  [
    'I15',
    'goods that went out for an open order',
    `insert into shipments (merchant_id, order_number, how, status, recorded_at)
     values ('10000100', 'open', 'pickup', 'recorded', now())`,
  ],
  [
    'I15',
    'a message about one payment twice',
    `insert into outbox (merchant_id, outbox_id, kind, once_key, order_number, payload, created_at, next_at)
     select '10000100', n::text, 'paid_message', n::text, 'paid', '{}', now(), now() from generate_series(1, 2) n`,
  ],
  [
    'I15',
    'a message about a payment that is none',
    `insert into outbox (merchant_id, outbox_id, kind, once_key, order_number, payload, created_at, next_at)
     values ('10000100', 'n', 'paid_message', 'n', 'open', '{}', now(), now())`,
  ],
  ['I16', 'an effect without a message', `delete from notify_inbox`],
  ['I16', 'a message without its effect', `update notify_inbox set transaction_id = 't9'`],
  ['I17', 'a total that is not the sum', `update orders set total_fen = 501 where order_number = 'open'`],
  ['I17', 'an order without lines', `delete from order_lines where order_number = 'open'`],
  ['I18', 'paid by another', `update payments set payer_openid = 'o-ben' where transaction_id = 't1'`],
  ['I19', 'an order of another', `update orders set user_id = 'ben' where order_number = 'closed'`],
  ['I20', 'a key without an order', `update idempotency_keys set answer = '{"order_number": "gone"}'`],
  ['I20', 'a key of another user', `update idempotency_keys set user_id = 'ben'`],
  [
    'I20',
    'two keys for one order',
    `insert into idempotency_keys select merchant_id, user_id, route, 'other', request_hash, answer from idempotency_keys`,
  ],
]

const guardsDown = `do $$ declare each record; begin
  for each in select conrelid::regclass as of, conname from pg_constraint
               where connamespace = 'public'::regnamespace and contype in ('c', 'f') and conislocal loop
    execute format('alter table %s drop constraint if exists %I', each.of, each.conname);
  end loop;
  for each in select tablename from pg_tables where schemaname = 'public' loop
    execute format('alter table %I disable trigger user', each.tablename);
  end loop;
  drop index payments_one_per_order, attempts_one_live;
  alter table refunds drop constraint refunds_merchant_id_refund_id_key;
end $$`

test('a database in order breaks no invariant', async () => {
  assert.deepEqual(await checkInvariants(sql), [])
})

for (const [id, what, statement] of breaks) {
  test(`${id} notices: ${what}`, async () => {
    const undo = new Error('undo')
    await assert.rejects(
      sql.begin(async (tx) => {
        await tx.unsafe(guardsDown)
        const { count } = await tx.unsafe(statement)
        assert.notEqual(count, 0, 'the statement changed nothing')
        const broken = (await checkInvariants(tx)).map((invariant) => invariant.id)
        assert(broken.includes(id), `broken: ${broken.join(', ')}`)
        throw undo
      }),
      (error) => error === undo || assert.fail(error as Error),
    )
  })
}
