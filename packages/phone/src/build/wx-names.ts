const names = `
  arrayBufferToBase64 base64ToArrayBuffer canIUse checkSession clearStorage clearStorageSync
  createIntersectionObserver createSelectorQuery env
  exitMiniProgram getAccountInfoSync getAppAuthorizeSetting getAppBaseInfo getClipboardData getDeviceInfo
  getEnterOptionsSync getLaunchOptionsSync getLogManager getMenuButtonBoundingClientRect getNetworkType
  getPrivacySetting getRandomValues getRealtimeLogManager getSetting getStorage getStorageInfo getStorageInfoSync
  getStorageSync getSystemInfo getSystemInfoAsync getSystemInfoSync getSystemSetting getUpdateManager getUserInfo
  getUserProfile getWindowInfo hideHomeButton hideKeyboard hideLoading hideNavigationBarLoading hideShareMenu
  hideTabBar hideTabBarRedDot hideToast
  loadFontFace login makePhoneCall navigateBack navigateTo nextTick offAppHide offAppShow offError
  offKeyboardHeightChange offNetworkStatusChange offThemeChange offUnhandledRejection offWindowResize onAppHide
  onAppShow onError onKeyboardHeightChange onNeedPrivacyAuthorization onNetworkStatusChange onThemeChange
  onUnhandledRejection onWindowResize openPrivacyContract openSetting
  pageScrollTo previewImage reLaunch redirectTo removeStorage removeStorageSync removeTabBarBadge reportEvent
  request requestPayment requestSubscribeMessage requirePrivacyAuthorize
  setBackgroundColor setBackgroundTextStyle setClipboardData setKeepScreenOn setNavigationBarColor
  setNavigationBarTitle setStorage setStorageSync setTabBarBadge setTabBarItem setTabBarStyle showActionSheet
  showLoading showModal showNavigationBarLoading showShareMenu showTabBar showTabBarRedDot showToast
  startPullDownRefresh stopPullDownRefresh
  switchTab updateShareMenu uploadFile version vibrateLong vibrateShort
`

/** Every member of `wx` that this phone has; a test holds the runtime to it. */
export const wxNames: ReadonlySet<string> = new Set(names.trim().split(/\s+/))
