import { printFlatXml } from '../wire/flat-xml.ts'

/**
 * The body to answer a Pay v2 notify with, as HTTP 200 and `text/xml`. SUCCESS only after the effect is stored;
 * `fail` makes WeChat send the notify again.
 */
export function v2NotifyAnswer(answer: 'SUCCESS' | { fail: string }): string {
  const [code, message] = answer === 'SUCCESS' ? ['SUCCESS', 'OK'] : ['FAIL', answer.fail]
  return printFlatXml([
    ['return_code', code],
    ['return_msg', message],
  ])
}
