import type { SuspenseReason } from './payment.ts'
import type { RefundStatus } from './refund.ts'

/** What a person must look at. `docs/reliability.md` tells what each means and what to do. */
export type FlagKind =
  | SuspenseReason
  | 'external_refund'
  | 'refund_waiting_funds'
  | 'refund_not_configured'
  | 'refund_abnormal'
  | 'refund_failed'
  | 'refund_contradiction'
  | 'refund_overdue'
  | 'order_undecided'
  | 'attempt_not_closed'
  | 'operation_unknown'
  | 'invariant_broken'
  | 'merchant_key_refused'
  | 'platform_key_expiring'
  | 'outbox_dead'
  | 'shipping_due'
  | 'shipping_management_wanted'
  | 'webhook_disabled'

export type FlagSubject = 'order' | 'payment' | 'refund' | 'outbox' | 'merchant' | 'invariant' | 'webhook'

/** One fact has one open flag of a kind at most. */
export interface NewFlag {
  kind: FlagKind
  subjectType: FlagSubject
  subjectId: string
  orderNumber: string | undefined
  evidence: Record<string, string | number>
}

interface FlagMeaning {
  /** What it says, for the person who reads the list. */
  what: string
  /** What that person does. A command is complete; `<…>` in it is put in where it is known. */
  todo: string
}

/** In which states of its refund what a flag tells is still so: nobody can settle it then. */
export const refundFlagStands: Partial<Record<FlagKind, readonly RefundStatus[]>> = {
  refund_waiting_funds: ['waiting_funds', 'unknown'],
  refund_not_configured: ['intended', 'unknown', 'waiting_funds'],
  refund_abnormal: ['abnormal'],
  refund_overdue: ['processing'],
  operation_unknown: ['intended', 'unknown'],
}

const settleIt = 'fenpay settle-flag <id> --note <text>'
const giveBack = 'fenpay refund-payment <transaction_id> --reason <text>'
const shipIt = 'fenpay ship <order_number> --express <company> --tracking <number>'

const decide = `Give it back with: ${giveBack}. If it is to stay: ${settleIt}.`
const lookFirst = `Compare the evidence with the order: fenpay order <number>. ${decide}`
const goesBack = `Nothing: it is being given back. The flag settles itself when the user has it; a refund that fails has a flag of its own. More than a year after the payment WeChat gives nothing back: pay the user by other means, then: ${settleIt}.`

export const flagCatalogue: Record<FlagKind, FlagMeaning> = {
  late_payment: {
    what: 'WeChat took money for an order that was closed.',
    todo: goesBack,
  },
  duplicate_payment: {
    what: 'WeChat took money twice for one order.',
    todo: goesBack,
  },
  unknown_order: {
    what: 'WeChat took money under a number that is none of ours.',
    todo: `See whether another system uses this merchant. ${decide}`,
  },
  protocol_mismatch: { what: 'A payment came by another protocol than the order was made with.', todo: lookFirst },
  app_mismatch: { what: 'A payment names another appid than the order.', todo: lookFirst },
  currency_mismatch: { what: 'A payment is not in CNY.', todo: lookFirst },
  amount_mismatch: { what: 'A payment is not of the amount that was asked for.', todo: lookFirst },
  payer_mismatch: { what: 'Somebody else than the owner of the order paid it.', todo: lookFirst },
  external_refund: {
    what: 'Money was given back outside Fenpay, in the merchant platform.',
    todo: `Learn who did it and why. What WeChat could tell is posted. When it is explained: ${settleIt}.`,
  },
  refund_waiting_funds: {
    what: "The merchant's balance at WeChat is too small for a refund.",
    todo: 'Top the account up in the merchant platform. The refund is repeated every hour by itself.',
  },
  refund_not_configured: {
    what: 'A refund over Pay v2 needs the merchant certificate, which is not configured.',
    todo: 'Set FENPAY_MERCHANT_CERTIFICATE and start the server anew; the refund goes on by itself.',
  },
  refund_abnormal: {
    what: "WeChat could not deliver a refund: the user's card or account is dead. The money is still with the merchant.",
    todo: 'Handle it in the merchant platform, or pay the user by other means and: fenpay refund-settle <refund_number> --note <text>. What is sent to your own card there ends as succeeded, and you still have to pay the user.',
  },
  refund_failed: {
    what: 'WeChat refused or closed a refund; nothing was given back.',
    todo: `What WeChat refused has its code and text in the evidence; of what it closed it tells no reason. If the money is still owed, decide anew: fenpay refund <order_number> --amount <yuan> --reason <text>, or for money in suspense: ${giveBack} --amount <yuan>. Then: ${settleIt}.`,
  },
  refund_contradiction: {
    what: "WeChat's word about a refund does not fit ours.",
    todo: `Compare amount, transaction and state in the merchant platform; nothing was changed here. What is refused or closed here and was given back all the same is put right, before anything else of its payment is given back, with: fenpay refund-correct <refund_number>. What is explained otherwise: ${settleIt}.`,
  },
  refund_overdue: {
    what: 'A refund has no result for more than a day.',
    todo: 'Bank cards take up to three working days. After that ask WeChat, with the refund number.',
  },
  order_undecided: {
    what: 'An order is past its end for more than ten minutes and WeChat has not said whether it is paid.',
    todo: 'See whether this machine reaches WeChat, api.mch.weixin.qq.com, and whether the log names keys that are not configured. It is asked again by itself; the stock stays held until it is decided.',
  },
  attempt_not_closed: {
    what: 'An order is paid, and for more than a day WeChat has not closed its other number: the user could pay it twice.',
    todo: 'See whether this machine reaches WeChat. If it does, ask WeChat why the out_trade_no in the evidence cannot be closed. The close is tried again by itself; what is paid by that number goes back by itself.',
  },
  operation_unknown: {
    what: 'A refund was decided more than ten minutes ago, and WeChat has given no usable answer to it.',
    todo: 'Read the problem in the evidence; see whether WeChat can be reached. It is asked again by itself, always with the same number.',
  },
  invariant_broken: {
    what: 'Something that must always be true of the database is not.',
    todo: `Run fenpay check, keep its output, and find out before anything is changed by hand. When all holds again: ${settleIt}.`,
  },
  merchant_key_refused: {
    what: 'WeChat refuses every call of the merchant: its key was revoked or is wrong.',
    todo: 'Compare the key, its serial number and the merchant number with the merchant platform. Configure the right ones and start the server anew.',
  },
  platform_key_expiring: {
    what: 'A platform certificate expires soon and no later one is known.',
    todo: 'See that /v3/certificates can be reached, or configure the WeChat Pay public key.',
  },
  outbox_dead: {
    what: 'Something that had to be told to WeChat or to your systems was given up.',
    todo: `Read the error in the evidence and mend its cause. Then: fenpay outbox-retry <id>. Shipping that was given up is told anew: ${shipIt}, and this flag is settled.`,
  },
  shipping_due: {
    what: 'A paid order has no shipping information; WeChat wants it within 48 hours of the payment.',
    todo: `Ship it and: ${shipIt}, or with --city or --pickup. Until then WeChat keeps the money frozen.`,
  },
  shipping_management_wanted: {
    what: 'WeChat wants this mini program to join shipping management, or restricts its payments until it does.',
    todo: `Open it in the mini program console (发货信息管理), confirm the settlement, and ship one order. Then: ${settleIt}.`,
  },
  webhook_disabled: {
    what: 'A webhook address failed for days and was switched off.',
    todo: 'Mend the receiver, then: fenpay webhook-enable <id>. What was missed is in fenpay outbox --dead; send it again with: fenpay outbox-retry <id>.',
  },
}
