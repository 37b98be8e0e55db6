import { config } from '../../config'
import { typeScale } from '../../services/type-scale'

const items = [
  {
    title: '微信登录标识（openid）',
    text: '下单、付款和查询订单时，用来确认订单是您的。浏览菜单不需要登录。',
  },
  { title: '订单信息', text: '您点的菜品、备注、金额和付款结果，用来制作餐品、退款和对账。' },
  { title: '头像和昵称', text: '由您自愿填写，只用于在「我的」页显示，保存在店家的服务器上。' },
  { title: '剪切板', text: '只在您点「复制」订单编号时写入，不读取。' },
]
const phone = { title: '手机号', text: '在您点「绑定手机号」并同意后，用来就订单与您联系，加密保存。' }

Page({
  data: {
    typeScale: typeScale(),
    shopName: config.shopName as string,
    items: config.phoneBinding ? [...items, phone] : items,
  },

  /** The text that the console has, which counts. Without one, as in development, there is nothing to open. */
  openContract() {
    wx.openPrivacyContract({ fail: () => void wx.showToast({ title: '暂时打不开，请稍后再试', icon: 'none' }) })
  },
})
