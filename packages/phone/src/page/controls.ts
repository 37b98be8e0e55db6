import { createElement, elementById } from './create-element.ts'
import { askPhone } from './phone-api.ts'
import type { PhoneFrame, ScreenAction } from './phone-frame.ts'
import { keepSettings, readSettings, type Settings } from './settings.ts'

const slowMs = 1500
// Often enough for any afternoon; business time that is moved ahead does not use them up.
const faultTimes = 100_000

/** Connects the controls beside the phone. `say` shows a sentence to the person. */
export class Controls {
  readonly #phone: PhoneFrame
  readonly #say: (sentence: string) => void
  readonly #people = elementById('people', HTMLElement)
  #settings: Settings = readSettings()

  constructor(phone: PhoneFrame, say: (sentence: string) => void) {
    this.#phone = phone
    this.#say = say
    const { user, dark, fontScale } = this.#settings
    this.#phone.set({ user, dark, fontScale, online: true, slowMs: 0 })
    this.#showPeople()
    this.#connectPeople()
    this.#connectNetwork()
    this.#connectDisplay()
    this.#connectLife()
    this.#connectClock()
    this.#connectFaults()
  }

  #keep(change: Partial<Settings>): void {
    this.#settings = { ...this.#settings, ...change }
    keepSettings(this.#settings)
  }

  #showPeople(): void {
    const { people, user } = this.#settings
    this.#people.replaceChildren(
      ...people.map((name) => {
        const checked = name === user ? '' : undefined
        const radio = createElement('input', { type: 'radio', name: 'person', value: name, checked })
        const face = createElement('span', { class: 'face', 'aria-hidden': 'true' }, [...name].at(-1))
        return createElement('label', {}, radio, face, createElement('span', {}, name))
      }),
    )
  }

  #connectPeople(): void {
    this.#people.addEventListener('change', ({ target }) => {
      if (target instanceof HTMLInputElement) this.#handTo(target.value)
    })
    const form = elementById('add-person', HTMLFormElement)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const name = String(new FormData(form).get('name')).trim().replaceAll('/', '')
      if (name === '') return
      const { people } = this.#settings
      if (!people.includes(name)) this.#keep({ people: [...people, name] })
      form.reset()
      this.#handTo(name)
      this.#showPeople()
    })
  }

  #handTo(user: string): void {
    if (user === this.#settings.user) return
    this.#keep({ user })
    this.#showForeground()
    this.#phone.set({ user })
  }

  #connectNetwork(): void {
    onChoice('network', (value) => {
      this.#phone.set({ online: value !== 'offline', slowMs: value === 'slow' ? slowMs : 0 })
    })
  }

  #connectDisplay(): void {
    const { dark, fontScale } = this.#settings
    const darkSwitch = elementById('dark', HTMLInputElement)
    darkSwitch.checked = dark
    darkSwitch.addEventListener('change', () => {
      this.#keep({ dark: darkSwitch.checked })
      this.#phone.set({ dark: darkSwitch.checked })
    })
    for (const radio of document.querySelectorAll<HTMLInputElement>('input[name="font-scale"]')) {
      radio.checked = Number(radio.value) === fontScale
    }
    onChoice('font-scale', (value) => {
      this.#keep({ fontScale: Number(value) })
      this.#phone.set({ fontScale: Number(value) })
    })
  }

  #connectLife(): void {
    for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-do]')) {
      button.addEventListener('click', () => {
        const inBackground = button.getAttribute('aria-pressed') === 'true'
        const action = inBackground ? 'foreground' : (button.dataset['do'] as ScreenAction)
        this.#phone.do(action)
        if (action === 'background') showBackground(button, true)
        else this.#showForeground()
      })
    }
  }

  #showForeground(): void {
    const button = document.querySelector<HTMLButtonElement>('button[data-do="background"]')
    if (button !== null) showBackground(button, false)
  }

  #connectClock(): void {
    for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-advance]')) {
      button.addEventListener('click', () => {
        button.disabled = true
        this.#try(askPhone('POST', 'clock/advance', { seconds: Number(button.dataset['advance']) })).finally(() => {
          button.disabled = false
        })
      })
    }
  }

  #connectFaults(): void {
    const switches = [...document.querySelectorAll<HTMLInputElement>('input[data-fault]')]
    const heal = elementById('heal', HTMLButtonElement)
    const refresh = async () => {
      const { faults } = (await askPhone('GET', 'faults')) as { faults: readonly { name: string }[] }
      for (const one of switches) one.checked = faults.some(({ name }) => name === one.dataset['fault'])
      heal.hidden = faults.length === 0
    }
    for (const one of switches) {
      one.addEventListener('change', () => {
        const name = one.dataset['fault'] ?? ''
        const asked = one.checked
          ? askPhone('POST', 'faults', { name, times: faultTimes })
          : askPhone('DELETE', `faults?name=${encodeURIComponent(name)}`)
        this.#try(asked.then(refresh))
      })
    }
    heal.addEventListener('click', () => this.#try(askPhone('DELETE', 'faults').then(refresh)))
    refresh().catch(() => {
      // WeChat is not there yet; the panel says so.
    })
  }

  #try(work: Promise<unknown>): Promise<unknown> {
    return work.catch((error: unknown) => this.#say(error instanceof Error ? error.message : String(error)))
  }
}

function onChoice(name: string, work: (value: string) => void): void {
  for (const radio of document.querySelectorAll<HTMLInputElement>(`input[name="${name}"]`)) {
    radio.addEventListener('change', () => work(radio.value))
  }
}

function showBackground(button: HTMLButtonElement, inBackground: boolean): void {
  button.setAttribute('aria-pressed', String(inBackground))
  button.textContent = inBackground ? '回到前台' : '切到后台'
}
