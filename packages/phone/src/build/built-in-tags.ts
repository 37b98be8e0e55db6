/** Tags that become plain nodes of the page: they hold children and listeners, and have no state of their own. */
export const nativeTags: ReadonlySet<string> = new Set(['view', 'text', 'label', 'cover-view', 'match-media'])

/** Tags that are components of the phone: they have properties, state and events. */
export const componentTags: ReadonlySet<string> = new Set([
  'button',
  'checkbox',
  'checkbox-group',
  'cover-image',
  'form',
  'icon',
  'image',
  'input',
  'navigation-bar',
  'navigator',
  'page-meta',
  'picker',
  'picker-view',
  'picker-view-column',
  'progress',
  'radio',
  'radio-group',
  'rich-text',
  'scroll-view',
  'slider',
  'swiper',
  'swiper-item',
  'switch',
  'textarea',
])

/** Tags of the template language itself. */
export const templateTags: ReadonlySet<string> = new Set(['block', 'import', 'include', 'slot', 'template', 'wxs'])

/** Whether the phone knows this tag without `usingComponents`. */
export const isBuiltInTag = (tag: string): boolean => nativeTags.has(tag) || componentTags.has(tag)
