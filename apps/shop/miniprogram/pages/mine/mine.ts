import { config } from '../../config'
import type { Profile } from '../../fenpay-client.js'
import { fenpay } from '../../services/fenpay'
import { isLoggedOut, setLoggedOut } from '../../services/logged-out'
import { showFailure } from '../../services/show-failure'
import { typeScale } from '../../services/type-scale'

interface PhoneDetail {
  errMsg: string
  code?: string
}

Page({
  data: {
    typeScale: typeScale(),
    isLoggedOut: false,
    nickname: '',
    avatarUrl: '',
    phone: '',
    phoneBinding: config.phoneBinding as boolean,
    isBusy: false,
  },

  onShow() {
    if (isLoggedOut()) this.showNobody()
    // What is shown stays where it cannot be asked; nothing here is needed to order.
    else
      void fenpay.profile().then(
        (profile) => this.show(profile),
        () => {},
      )
  },

  show({ nickname = '', avatar_path, phone = '' }: Profile) {
    const avatarUrl = avatar_path === undefined ? '' : config.apiBaseUrl + avatar_path
    setLoggedOut(false)
    this.setData({ isLoggedOut: false, nickname, avatarUrl, phone })
  },

  showNobody() {
    this.setData({ isLoggedOut: true, nickname: '', avatarUrl: '', phone: '' })
  },

  /** One change at a time; what fails is told. */
  async change(ask: () => Promise<Profile>, done: string) {
    if (this.data.isBusy) return
    this.setData({ isBusy: true })
    try {
      this.show(await ask())
      await wx.showToast({ title: done, icon: 'success' })
    } catch (error) {
      await showFailure(error)
    } finally {
      this.setData({ isBusy: false })
    }
  },

  async chooseAvatar(event: WechatMiniprogram.CustomEvent<{ avatarUrl: string }>) {
    await this.change(() => fenpay.changeAvatar(event.detail.avatarUrl), '头像已保存')
  },

  /** Read from the form: WeChat checks the name on blur and may empty the field after the event of the input. */
  async keepNickname(event: WechatMiniprogram.FormSubmit) {
    const nickname = String(event.detail.value['nickname'] ?? '').trim()
    if (nickname === '') await wx.showToast({ title: '请填写昵称', icon: 'none' })
    else await this.change(() => fenpay.changeNickname(nickname), '昵称已保存')
  },

  async bindPhone(event: WechatMiniprogram.CustomEvent<PhoneDetail>) {
    const { code } = event.detail
    if (code !== undefined) await this.change(() => fenpay.bindPhone(code), '手机号已绑定')
  },

  async login() {
    await this.change(() => fenpay.profile(), '登录成功')
  },

  async logout() {
    const { confirm } = await wx.showModal({
      title: '退出登录？',
      content: '退出后仍可浏览菜单，下单时会重新登录。',
      confirmText: '退出',
      confirmColor: '#fa5151',
    })
    if (!confirm) return
    setLoggedOut(true)
    this.showNobody()
    // The session is forgotten on this phone in any case; the server ends it by itself when it does not hear of this.
    await fenpay.logout().catch(() => {})
  },

  async openOrders() {
    await wx.switchTab({ url: '/pages/orders/orders' })
  },

  async openLogin() {
    await wx.navigateTo({ url: '/pages/login/login' })
  },

  async openPrivacy() {
    await wx.navigateTo({ url: '/pages/privacy/privacy' })
  },

  onShareAppMessage() {
    return { title: `${config.shopName}：一碗热面，现点现做`, path: '/pages/menu/menu' }
  },
})
