/** One option of a fault, with its default. */
export interface FaultOption {
  readonly default: number | boolean | string
  readonly what: string
  readonly oneOf?: readonly (number | string)[]
}

/** A fault that can be ordered by name. */
export interface FaultKind {
  readonly name: string
  /** Rows of reliability.md that it plays. */
  readonly ids: readonly string[]
  readonly what: string
  readonly options: Readonly<Record<string, FaultOption>>
}

const seconds = (value: number, what: string): FaultOption => ({ default: value, what })

/** All faults. `notify.*` shape deliveries, `call.*` and the rest shape answers to the back end's calls. */
export const faultTable: readonly FaultKind[] = [
  {
    name: 'notify.drop',
    ids: ['F1', 'F30'],
    what: 'A delivery is not sent; the schedule goes on as after a failure',
    options: {},
  },
  {
    name: 'notify.delay',
    ids: ['F2'],
    what: 'A delivery is put off',
    options: { seconds: seconds(86_400, 'virtual seconds') },
  },
  {
    name: 'notify.duplicate',
    ids: ['F3'],
    what: 'A delivery is sent several times, each signed afresh',
    options: {
      copies: { default: 2, what: 'how many in all' },
      concurrent: { default: true, what: 'all at once instead of one after the other' },
    },
  },
  {
    name: 'notify.amount',
    ids: ['F5'],
    what: 'A validly signed message with another amount; the genuine one follows on the schedule',
    options: { total: { default: 1, what: 'amount in fen' } },
  },
  {
    name: 'notify.unknown-order',
    ids: ['F6'],
    what: 'A validly signed message about an unknown order; the genuine one follows on the schedule',
    options: {},
  },
  {
    name: 'notify.sign-probe',
    ids: ['F7'],
    what: 'v3: the signature is a WECHATPAY/SIGNTEST/ probe; the answer decides about a retry',
    options: {},
  },
  {
    name: 'notify.forged',
    ids: ['F9'],
    what: 'A message signed with a key that is not WeChat’s; the genuine one follows on the schedule',
    options: {},
  },
  {
    name: 'notify.wrong-merchant',
    ids: ['A25'],
    what: 'A message about another merchant’s order; the genuine one follows on the schedule',
    options: {
      signed_by: {
        default: 'other',
        oneOf: ['other', 'own'],
        what: 'whose keys: `other` needs a second merchant; `own` names a foreign mchid under valid keys',
      },
    },
  },
  {
    name: 'notify.stale',
    ids: ['F75'],
    what: 'v3: Wechatpay-Timestamp lies in the past, validly signed; the answer decides about a retry',
    options: { seconds: seconds(360, 'age of the timestamp') },
  },
  {
    name: 'notify.replay',
    ids: ['A24'],
    what: 'After a delivery the very same bytes and headers are sent once more',
    options: { after_seconds: seconds(360, 'virtual seconds between the two') },
  },
  {
    name: 'notify.rewritten',
    ids: ['F46'],
    what: 'v3: a proxy has serialised the body again, the signature is over the genuine one; the genuine one follows on the schedule',
    options: {},
  },
  {
    name: 'notify.before-answer',
    ids: ['F4'],
    what: 'The payer pays and the notification arrives before the prepay call is answered',
    options: {},
  },
  {
    name: 'notify.answer-lost',
    ids: ['F43'],
    what: 'A delivery arrives but its answer is ignored, so it is sent again on the schedule',
    options: {},
  },
  { name: 'call.timeout-before', ids: ['F10', 'F45'], what: 'A call has no effect and no answer', options: {} },
  { name: 'call.timeout-after', ids: ['F11', 'F25'], what: 'A call has its effect but no answer', options: {} },
  {
    name: 'call.system-error',
    ids: ['F12'],
    what: 'SYSTEMERROR, SYSTEM_ERROR or errcode -1',
    options: { effect: { default: false, what: 'whether the call has its effect all the same' } },
  },
  {
    name: 'call.bad-body',
    ids: ['F13'],
    what: 'The call has its effect, the answer is unusable',
    options: {
      kind: { default: 'html', oneOf: ['html', 'empty', 'half'], what: 'what the body is' },
      status: { default: 502, what: 'HTTP status' },
    },
  },
  {
    name: 'call.slow-body',
    ids: ['F14'],
    what: 'The answer drips',
    options: { bytes_per_second: { default: 1, what: 'speed of the body' } },
  },
  {
    name: 'call.frequency-limited',
    ids: ['F15'],
    what: 'FREQUENCY_LIMITED (v3: HTTP 429) or errcode 45011, without effect',
    options: {},
  },
  {
    name: 'call.reset',
    ids: ['F42'],
    what: 'The connection is reset',
    options: {
      when: { default: 'before', oneOf: ['before', 'after'], what: 'before or after the call has its effect' },
    },
  },
  {
    name: 'call.reset-while-sending',
    ids: ['F42'],
    what: 'The connection is reset before the request has been read; only path and host can be matched',
    options: {},
  },
  {
    name: 'host.down',
    ids: ['F41'],
    what: 'Calls to one of the addresses end in a reset: choose it by match.host',
    options: {},
  },
  {
    name: 'tls.refused',
    ids: ['F42'],
    what: 'A connection to the https port fails before any request',
    options: {
      kind: {
        default: 'reset',
        oneOf: ['reset', 'wrong-certificate'],
        what: 'reset in the handshake, or a certificate that nobody vouches for',
      },
    },
  },
  {
    name: 'network.jitter',
    ids: ['F47'],
    what: 'While it lasts, calls and notifications are late, and some are lost on the way there or back',
    options: {
      loss_percent: { default: 1, what: 'share that is lost, 0 to 100' },
      delay_ms: { default: 300, what: 'longest delay, in real milliseconds' },
    },
  },
  {
    name: 'merchant.key-revoked',
    ids: ['F36'],
    what: 'While it lasts, every signature of a merchant is refused',
    options: {},
  },
  {
    name: 'pay.after-close',
    ids: ['F22', 'F24'],
    what: 'A payment that began before the close comes through: confirm succeeds on a closed or expired order',
    options: {},
  },
  { name: 'query.lag', ids: ['F16'], what: 'A query answers NOTPAY although the order is paid', options: {} },
  { name: 'query.not-exist', ids: ['F18'], what: 'A query does not know an existing order', options: {} },
  { name: 'query.userpaying', ids: ['F17'], what: 'A query of an unpaid order answers USERPAYING', options: {} },
  {
    name: 'close.success-but-notpay',
    ids: ['F21'],
    what: 'A close answers success and the order stays open',
    options: {},
  },
  {
    name: 'close.paid-before',
    ids: ['F20'],
    what: 'An open order is paid just before its close arrives',
    options: {},
  },
  {
    name: 'refund.system-error',
    ids: ['F26'],
    what: 'A refund call answers SYSTEMERROR or BIZERR_NEED_RETRY (v3: SYSTEM_ERROR)',
    options: {
      code: { default: 'SYSTEMERROR', oneOf: ['SYSTEMERROR', 'BIZERR_NEED_RETRY'], what: 'err_code of v2' },
      effect: { default: false, what: 'whether the refund is accepted all the same' },
    },
  },
  {
    name: 'refund.refused-but-made',
    ids: [],
    what: 'A refund call is refused with USER_ACCOUNT_ABNORMAL, and the refund is made all the same',
    options: {},
  },
  {
    name: 'refund.not-enough',
    ids: ['F27'],
    what: 'A refund call answers NOTENOUGH or NOT_ENOUGH, whatever the balance is',
    options: {},
  },
  {
    name: 'refund.waits-for-funds',
    ids: ['F29'],
    what: 'A refund is accepted although the funds are short: it goes on with the next enough balance, or is CLOSED after 7 days',
    options: {},
  },
  {
    name: 'refund.abnormal',
    ids: ['F28'],
    what: 'The money of a refund does not arrive: ABNORMAL (v2: CHANGE)',
    options: {},
  },
  { name: 'refund.closed', ids: ['F29'], what: 'A refund ends CLOSED (v2: REFUNDCLOSE)', options: {} },
  {
    name: 'response.sign-probe',
    ids: ['F8'],
    what: 'v3: an answer’s signature is a WECHATPAY/SIGNTEST/ probe',
    options: {},
  },
  { name: 'response.unsigned', ids: [], what: 'A successful answer without signature', options: {} },
  {
    name: 'response.wrong-key',
    ids: [],
    what: 'A successful answer signed with a key that is not WeChat’s',
    options: {},
  },
  { name: 'certificates.down', ids: ['F35'], what: '/v3/certificates answers 503', options: {} },
  {
    name: 'certificates.out-of-date',
    ids: ['F34'],
    what: '/v3/certificates offers one more, as the newest, that is not valid today',
    options: {
      state: { default: 'expired', oneOf: ['expired', 'not-yet-valid'], what: 'why it is not valid' },
    },
  },
  {
    name: 'certificates.rotate',
    ids: ['F32'],
    what: 'While it lasts, each signature uses one of the platform certificates, drawn by chance',
    options: {},
  },
  {
    name: 'public-key.ramp',
    ids: ['F33'],
    what: 'While it lasts, a share of the v3 notifications is signed with the WeChat Pay public key, the rest with a platform certificate',
    options: { percent: { default: 50, what: 'share, 0 to 100' } },
  },
  {
    name: 'login.busy',
    ids: ['F40'],
    what: 'A Mini Program API answers that it is busy or limited',
    options: { errcode: { default: -1, oneOf: [-1, 45011], what: 'errcode' } },
  },
  { name: 'push.drop', ids: [], what: 'A message push is not sent; the next of the three tries follows', options: {} },
  {
    name: 'push.delay',
    ids: [],
    what: 'A message push is put off',
    options: { seconds: seconds(3600, 'virtual seconds') },
  },
  {
    name: 'push.duplicate',
    ids: [],
    what: 'A message push is sent several times, each signed and encrypted afresh',
    options: {
      copies: { default: 2, what: 'how many in all' },
      concurrent: { default: true, what: 'all at once instead of one after the other' },
    },
  },
  {
    name: 'push.forged',
    ids: [],
    what: 'A message push under a stranger’s Token and EncodingAESKey; the genuine one follows as the next try',
    options: {},
  },
  {
    name: 'mini-program.refused',
    ids: [],
    what: 'A Mini Program API refuses, without effect, what it would have taken',
    options: {
      errcode: { default: 43108, oneOf: [43107, 43108, 45168, 48001, 10060012, 10060019], what: 'errcode' },
    },
  },
]
