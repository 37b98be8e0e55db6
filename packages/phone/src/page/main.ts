import type { StoryNews } from '../server/story.ts'
import { Controls } from './controls.ts'
import { elementById } from './create-element.ts'
import { askPhone } from './phone-api.ts'
import { PhoneFrame } from './phone-frame.ts'
import { StoryPanel } from './story-panel.ts'

const title = elementById('app-title', HTMLElement)
const route = elementById('app-route', HTMLElement)
const banner = elementById('banner', HTMLElement)

function say(sentence: string): void {
  banner.textContent = sentence
  banner.hidden = sentence === ''
}

const phone = new PhoneFrame((state) => {
  if (state.title !== undefined && state.title !== '') title.textContent = state.title
  if (state.route !== undefined) route.textContent = state.route
})
new Controls(phone, say)
const panel = new StoryPanel(() => {
  askPhone('DELETE', 'story').catch((error: unknown) => say(String(error)))
})

function hear(news: StoryNews): void {
  if (news.type === 'story') panel.replace(news.entries)
  else if (news.type === 'entry') panel.put(news.entry)
  else if (news.type === 'build') phone.showProblems(news.problems)
  else if (news.type === 'reload') phone.load()
  else say(news.reachable ? '' : '模拟微信没有回应。先启动它（npm start），这里会自己接上。')
}

const events = new EventSource('/_phone/story')
events.onmessage = ({ data }) => hear(JSON.parse(data) as StoryNews)
events.onerror = () => say('和手机的服务断开了，正在重新连接…')
events.onopen = () => say('')
phone.load()
