type Child = Node | string
type Attributes = Readonly<Record<string, string | boolean | ((event: Event) => void) | undefined>>

/**
 * An HTML element: `make('button.ok', {'aria-label': '完成', onclick: done}, '完成')`. A selector's classes, attributes
 * (undefined and false leave one out), listeners by `on…`, children.
 */
export function make(selector: string, attributes: Attributes = {}, ...children: Child[]): HTMLElement {
  const [tag = 'div', ...classes] = selector.split('.')
  const element = document.createElement(tag === '' ? 'div' : tag)
  if (classes.length > 0) element.className = classes.join(' ')
  if (tag === 'button') element.setAttribute('type', 'button')
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.replace(/^on/, ''), value)
    else if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...children)
  return element
}

/** An inline picture: the inside of an svg of the given view box. */
export function icon(viewBox: string, inside: string, className = ''): Element {
  const holder = document.createElement('div')
  holder.innerHTML = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${viewBox}" class="${className}" aria-hidden="true">${inside}</svg>`
  return holder.firstElementChild ?? holder
}
