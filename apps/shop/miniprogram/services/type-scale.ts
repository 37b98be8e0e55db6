const standardPx = 16

/** WeChat's font size as the user set it: 1 is standard. Kept between what the pages can hold. */
export function typeScale(): number {
  if (!wx.getAppBaseInfo) return 1
  const { fontSizeSetting } = wx.getAppBaseInfo()
  return Math.min(Math.max((fontSizeSetting ?? standardPx) / standardPx, 0.9), 1.5)
}
