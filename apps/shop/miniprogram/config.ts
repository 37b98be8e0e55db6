/** What differs between one shop and another, and between a laptop and the real WeChat. */
export const config = {
  /**
   * Where the shop's server is. For a release: its https address, which also stands in 公众平台 → 开发管理 → 服务器域名
   * → request合法域名, without a port.
   */
  apiBaseUrl: 'http://127.0.0.1:3000',
  shopName: '巷口面馆',
  shopAddress: '梧桐路 18 号 · 营业 07:00–21:00',
  /** Whether 我的 offers to bind the phone number. WeChat has it for verified organisations alone, and charges for it. */
  phoneBinding: true,
} as const
