import { answerPrivacy, lendPrivacySheet, takePrivacySheetBack } from '../../services/privacy'

const agreeButtonId = 'agree-btn'

/** Asks for consent when a call of WeChat's needs it. A page that makes such calls has it once. */
Component({
  data: { open: false },
  lifetimes: {
    attached() {
      this.lend()
    },
    detached() {
      takePrivacySheetBack(this)
    },
  },
  pageLifetimes: {
    show() {
      this.lend()
    },
  },
  methods: {
    lend() {
      lendPrivacySheet({ owner: this, show: () => this.setData({ open: true }) })
    },
    answer(buttonId: string | undefined) {
      this.setData({ open: false })
      answerPrivacy(buttonId)
    },
    agree() {
      this.answer(agreeButtonId)
    },
    refuse() {
      this.answer(undefined)
    },
    async read() {
      await wx.navigateTo({ url: '/pages/privacy/privacy' })
    },
  },
})
