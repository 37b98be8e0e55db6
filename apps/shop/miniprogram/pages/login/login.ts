import type { UserInfoDetail } from '../../fenpay-client.js'
import { fenpay } from '../../services/fenpay'
import { setLoggedOut } from '../../services/logged-out'
import { showFailure } from '../../services/show-failure'
import { typeScale } from '../../services/type-scale'

/** Login with the getUserInfo button, as mini programs did it until 2021. */
Page({
  data: { typeScale: typeScale(), isBusy: false, isReady: false },

  onLoad() {
    void this.prepare()
  },

  /** The code comes before the tap: a wx.login after it could change the key that the tap's data is signed with. */
  async prepare() {
    try {
      await fenpay.prepareLogin()
      this.setData({ isReady: true })
    } catch (error) {
      await showFailure(error)
    }
  },

  async login(event: WechatMiniprogram.CustomEvent<UserInfoDetail>) {
    if (this.data.isBusy) return
    this.setData({ isBusy: true })
    try {
      await fenpay.loginWithUserInfo(event.detail)
      setLoggedOut(false)
      await wx.showToast({ title: '登录成功', icon: 'success' })
      await wx.switchTab({ url: '/pages/mine/mine' })
    } catch (error) {
      await showFailure(error)
    } finally {
      this.setData({ isBusy: false })
    }
  },

  async later() {
    await wx.navigateBack()
  },
})
