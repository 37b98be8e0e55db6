import type { StoryEntry, StoryMessage } from '../server/story-entry.ts'
import { createElement } from './create-element.ts'
import { curlOf } from './curl.ts'
import { prettyBody } from './pretty-body.ts'

/** Everything about one line: why, what was sent and answered, the signed strings, the verdict. */
export function detailOf(entry: StoryEntry): HTMLElement {
  const { why, request, answer, decrypted, signedString, answerSignedString } = entry
  return createElement(
    'div',
    { class: 'detail' },
    why === '' ? undefined : createElement('p', { class: 'why' }, why),
    verdictOf(entry),
    createElement(
      'div',
      { class: 'messages' },
      request === undefined ? undefined : messageOf('请求', `${request.method} ${request.url}`, request),
      answer === undefined || answer.status === 0
        ? undefined
        : messageOf('应答', entry.kind === 'wx' ? '' : String(answer.status), answer),
    ),
    decrypted === undefined
      ? undefined
      : section('解密后的通知内容', '用 APIv3 密钥打开密文，只有商家和微信有这把钥匙。', prettyBody(decrypted)),
    signedString === undefined ? undefined : signedSection('待签名串', signedHint(entry), signedString),
    answerSignedString === undefined
      ? undefined
      : signedSection('应答的待签名串', '微信也给应答签名；后端验过，才用应答里的内容。', answerSignedString),
    request === undefined ? undefined : copyButton('复制为 curl', curlOf(request)),
  )
}

function verdictOf(entry: StoryEntry): HTMLElement | undefined {
  const { verdict, faults } = entry
  if (verdict === undefined || entry.kind === 'event' || entry.kind === 'control') return undefined
  const mark = createElement('span', { class: 'mark', 'aria-hidden': 'true' }, verdict.ok ? '✓' : '✗')
  return createElement(
    'div',
    { class: verdict.ok ? 'verdict ok' : 'verdict bad' },
    mark,
    createElement('strong', {}, conclusion(entry)),
    verdict.ok ? undefined : createElement('code', {}, verdict.code),
    verdict.message === undefined ? undefined : createElement('span', {}, verdict.message),
    verdict.differsAt === undefined ? undefined : createElement('span', {}, `差在哪里：${verdict.differsAt}`),
    ...(faults ?? []).map((fault) => createElement('span', { class: 'fault' }, `你设的故障：${fault}`)),
  )
}

function conclusion({ kind, verdict, answer, signedString }: StoryEntry): string {
  const ok = verdict?.ok === true
  if (kind === 'notify') {
    if (ok) return '后端已应答收到，微信不再重发'
    return answer === undefined ? '没有送到后端' : '后端没有确认收到，微信会按时间表重发'
  }
  if (kind === 'call') {
    if (!ok) return answer?.status === 0 ? '没有得到应答，结果未知' : '微信拒绝了'
    return signedString === undefined ? '微信受理了' : '微信验过签名，受理了'
  }
  if (kind === 'wx') {
    if (verdict?.code.endsWith('cancel') === true) return '用户取消了'
    if (!ok) return '微信没有放行'
    return signedString === undefined ? '微信给了' : '微信核对 paySign，通过'
  }
  if (ok) return '后端受理了'
  return answer?.status === 0 ? '没有得到应答' : '后端拒绝了'
}

function signedHint({ kind, signedString = '' }: StoryEntry): string {
  if (signedString.endsWith('>'))
    return '非空字段按名字排序，用 & 连起来，最后接上只有双方知道的 APIv2 密钥，再算摘要。'
  if (kind === 'wx') return '四行文本，每行以换行符 ⏎ 结尾，用商户私钥签名，就是 paySign。'
  if (kind === 'notify') return '三行文本，每行以换行符 ⏎ 结尾，微信用自己的私钥签名，后端用微信支付公钥验证。'
  return '五行文本，每行以换行符 ⏎ 结尾，用商户私钥签名；请求体一个字节都不能变。'
}

function messageOf(name: string, start: string, { headers, body }: StoryMessage): HTMLElement {
  const rows = Object.entries(headers).flatMap(([header, value]) => [
    createElement('dt', {}, header),
    createElement('dd', {}, value),
  ])
  return createElement(
    'section',
    { class: 'message' },
    createElement('h4', {}, name),
    start === '' ? undefined : createElement('p', { class: 'start' }, start),
    rows.length === 0
      ? undefined
      : createElement(
          'details',
          {},
          createElement(
            'summary',
            {},
            `请求头 ${rows.length / 2} 行`.replace('请求', name === '请求' ? '请求' : '应答'),
          ),
          createElement('dl', { class: 'headers' }, ...rows),
        ),
    body === '' ? undefined : prettyBody(body),
  )
}

function section(name: string, hint: string, content: HTMLElement): HTMLElement {
  const heading = createElement('h4', {}, name)
  return createElement('section', { class: 'message' }, heading, createElement('p', { class: 'hint' }, hint), content)
}

/** Each line feed that is signed is shown as ⏎; a long line may go on below without one. */
function signedSection(name: string, hint: string, text: string): HTMLElement {
  const lines = text.split(/(?<=\n)/).map((line) => {
    const parts = line.replace('\n', '').split(/(?<=&)/)
    const content = parts.flatMap((part) => [part, document.createElement('wbr')])
    const feed = line.endsWith('\n') ? createElement('b', { 'aria-label': '换行' }, '⏎') : undefined
    return createElement('li', {}, ...content, feed)
  })
  return section(name, hint, createElement('ol', { class: 'signed', tabindex: '0' }, ...lines))
}

function copyButton(label: string, text: string): HTMLElement {
  const button = createElement('button', { type: 'button', class: 'copy' }, label)
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(text)
      button.textContent = '已复制'
    } catch {
      button.textContent = '浏览器不让复制'
    }
    setTimeout(() => {
      button.textContent = label
    }, 1500)
  })
  return button
}
