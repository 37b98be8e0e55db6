import assert from 'node:assert/strict'
import { test } from 'node:test'
import { notification, shopCall, wechatCall } from './known-calls.ts'

test("the contract's own calls fall under the six steps", () => {
  const calls: [method: string, path: string, what: string, step: number | undefined][] = [
    ['POST', '/users/wxlogin', '登录', 1],
    ['POST', '/order/submit', '提交订单', 2],
    ['POST', '/my/orders/req_unifiedorder', '请后端下单到微信', 3],
    ['POST', '/my/orders/chkOrder', '问后端：付了吗', 6],
    ['POST', '/my/orders/cancel', '取消订单', 6],
    ['GET', '/products', '取商品', undefined],
    ['GET', '/my/orders?limit=20', '看订单', undefined],
    ['GET', '/weather', '请求后端', undefined],
  ]
  for (const [method, path, what, step] of calls) {
    const known = shopCall(method, path)
    assert.deepEqual([known.what, known.step], [what, step], path)
  }
})

test("WeChat's own paths are told apart, in both protocols", () => {
  const calls: [method: string, path: string, what: string, step: number | undefined][] = [
    ['GET', '/sns/jscode2session?appid=wx1', '用 code 换 openid', 1],
    ['POST', '/v3/pay/transactions/jsapi', '统一下单 JSAPI', 3],
    ['POST', '/pay/unifiedorder', '统一下单 JSAPI', 3],
    ['GET', '/v3/pay/transactions/out-trade-no/A1?mchid=1', '查单', 6],
    ['GET', '/v3/pay/transactions/id/42?mchid=1', '查单', 6],
    ['POST', '/pay/orderquery', '查单', 6],
    ['POST', '/v3/pay/transactions/out-trade-no/A1/close', '关单', 6],
    ['POST', '/pay/closeorder', '关单', 6],
    ['GET', '/v3/certificates', '下载平台证书', undefined],
    ['POST', '/cgi-bin/stable_token', '取 access_token', undefined],
    ['POST', '/something/new', '调用微信接口', undefined],
  ]
  for (const [method, path, what, step] of calls) {
    const known = wechatCall(method, path)
    assert.deepEqual([known.what, known.step], [what, step], path)
  }
  assert.equal(notification('http://127.0.0.1:3000/wechat/notify/v3/1900000001').step, 5)
  assert.equal(notification('http://127.0.0.1:3000/wechat/notify/refund').what, '退款通知')
})
