export { type ApiClient, ApiError, type ApiRequest, createApiClient, type Request } from './client.ts'
export { type ErrorCode, errorCatalogue } from './errors.ts'
export { type Fen, fen, formatYuan, ORDER_TOTAL_FEN_MAX, sumFen, timesFen } from './money.ts'
export type * from './types.ts'
