/** `refund_intended` → `refund intended`, `wechat_code` → `WeChat code`. */
export function spoken(name: string): string {
  return name === 'waiting_funds' ? 'waiting for funds' : name.replaceAll('_', ' ').replace(/^wechat /u, 'WeChat ')
}
