export type * from '@fenpay/client'
export { createFenpay, isFenpayError } from '@fenpay/client'
export { type Fen, fen, formatYuan, sumFen, timesFen } from '@fenpay/contract'
