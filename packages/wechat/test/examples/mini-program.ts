import { isWechatError, type MiniProgramClient, verifyRawData } from '@fenpay/wechat'

/** Who logs in with this code of wx.login, or undefined if WeChat does not know the code. */
export async function logIn(
  miniProgram: MiniProgramClient,
  login: { code: string; rawData: string; signature: string },
): Promise<string | undefined> {
  try {
    const { openid, session_key } = await miniProgram.code2Session(login.code)
    const isGenuine = verifyRawData({ rawData: login.rawData, signature: login.signature, sessionKey: session_key })
    return isGenuine ? openid : undefined
  } catch (error) {
    if (isWechatError(error) && error.code === 'wechat_refused' && error.apiCode === '40029') return undefined
    throw error
  }
}
