import { codeSpace } from './easel.ts'
import type { UnitDefinition } from './mini-program.ts'

type Definition = Record<string, unknown>
type Define = (definition?: Definition) => unknown

/** Behaviors that WeChat brings along, by name. A name that is not here adds nothing. */
const builtInBehaviors: Readonly<Record<string, Definition>> = {
  'wx://form-field': { properties: { name: String, value: null } },
  'wx://form-field-group': {},
  'wx://form-field-button': {},
  'wx://component-export': {},
}

/** Defines one page or component: runs its script with `Page`, `Component` and `Behavior` of its own. */
export function defineUnit(
  templates: Readonly<Record<string, unknown>>,
  unit: UnitDefinition,
  run: () => unknown,
): void {
  const { id, config, scope } = unit
  codeSpace.addComponentStaticConfig(id, config)
  codeSpace.addCompiledTemplate(id, {
    groupList: templates,
    content: templates[id],
    fallbackListenerOnNativeNode: true,
  })
  // The style itself is part of app.css; only the prefix of its classes must be known.
  if (scope !== null) codeSpace.addStyleSheet(id, undefined, scope)
  codeSpace.componentEnv(id, ({ Page, Component, Behavior }) => {
    const adapt =
      (define: Define): Define =>
      (definition) =>
        definition === undefined ? define() : define(adaptDefinition(definition, Behavior))
    const outer = { Page: window.Page, Component: window.Component, Behavior: window.Behavior }
    const behavior = Object.assign(adapt(Behavior), { trait: (Behavior as Define & { trait: unknown }).trait })
    Object.assign(window, { Page: adapt(Page), Component: adapt(Component), Behavior: behavior })
    try {
      run()
    } finally {
      Object.assign(window, outer)
    }
  })
}

declare global {
  interface Window {
    Page?: Define
    Component?: Define
    Behavior?: Define
  }
}

function adaptDefinition(definition: Definition, behavior: Define): Definition {
  const { behaviors, properties } = definition
  return {
    ...definition,
    ...(Array.isArray(behaviors) && {
      behaviors: behaviors.map((one) => (typeof one === 'string' ? behavior(builtInBehaviors[one] ?? {}) : one)),
    }),
    ...(isObject(properties) && 'dataset' in properties && { properties: withoutDataset(properties) }),
  }
}

/** A property of this name would hide the element's own dataset. */
const withoutDataset = ({ dataset: _, ...others }: Definition): Definition => others

const isObject = (value: unknown): value is Definition => typeof value === 'object' && value !== null
