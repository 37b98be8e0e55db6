import { fen, formatYuan } from '@fenpay/contract'

/** Money as staff read it: `¥12.34`, `-¥12.34`. */
export function yuan(amountFen: number): string {
  return `${amountFen < 0 ? '-' : ''}¥${formatYuan(fen(Math.abs(amountFen)))}`
}
