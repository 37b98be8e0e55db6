/**
 * What paySign covers (pay-v3.md 7). A Mini Program's fourth line is `prepay_id=…`; a native app signs the bare prepay_id.
 */
export const v3PayMessage = (appId: string, timeStamp: string, nonceStr: string, fourthLine: string): string =>
  `${appId}\n${timeStamp}\n${nonceStr}\n${fourthLine}\n`
