import { fenpay } from './services/fenpay'
import { watchPrivacy } from './services/privacy'

App({
  onLaunch() {
    watchPrivacy()
    useNewVersion()
    void tellInterrupted()
  },
})

/** A payment during which the mini program was ended: the user hears how it stands before they pay again. */
async function tellInterrupted(): Promise<void> {
  const [answer] = await fenpay.resume().catch(() => [])
  if (answer === undefined) return
  const texts = {
    paid: '上次的支付已经成功。',
    pending: '上次的支付还没有完成，或仍在确认。',
    closed: '上次的订单已经关闭。',
  }
  const { confirm } = await wx.showModal({
    title: '上次的支付',
    content: texts[answer.outcome],
    confirmText: '查看订单',
    cancelText: '知道了',
  })
  if (confirm) await wx.navigateTo({ url: `/pages/order/order?order_number=${answer.orderNumber}` })
}

/** WeChat downloads a release beside the running one; it is used at the next start unless the user wants it now. */
function useNewVersion(): void {
  const updates = wx.getUpdateManager()
  updates.onUpdateReady(async () => {
    const { confirm } = await wx.showModal({ title: '更新提示', content: '新版本已经准备好，是否重启？' })
    if (confirm) updates.applyUpdate()
  })
}
