/** WeChat Pay's hosts; the second is in another city. */
export const payHosts = ['https://api.mch.weixin.qq.com', 'https://api2.mch.weixin.qq.com'] as const
