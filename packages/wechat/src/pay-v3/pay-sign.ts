/** The text behind `paySign` of wx.requestPayment: four lines, the last one ended too. See pay-v3 section 7. */
export function paySignMessage(params: {
  appid: string
  timeStamp: string
  nonceStr: string
  package: string
}): string {
  return `${params.appid}\n${params.timeStamp}\n${params.nonceStr}\n${params.package}\n`
}
