import type { TradeManagement } from './after-payment-records.ts'
import type { Engine } from './engine.ts'

/** Shipping management of an app: opened and agreed to until a control says otherwise. */
export const tradeManagementOf = ({ books }: Pick<Engine, 'books'>, appid: string): TradeManagement =>
  books.tradeManagement.get(appid) ?? {
    appid,
    managed: true,
    agreementDone: true,
    knownAfterSeconds: 5,
    everShipped: false,
    jumpPath: '',
  }
