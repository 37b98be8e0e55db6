import type { BuiltIn } from './built-in.ts'
import { button } from './button.ts'
import { checkbox, checkboxGroup, radio, radioGroup, switchBuiltIn } from './choice.ts'
import { icon, progress, richText } from './display.ts'
import { input, textarea } from './field.ts'
import { form } from './form.ts'
import { coverImage, image } from './image.ts'
import { navigator } from './navigator.ts'
import { navigationBar, pageMeta } from './page-meta.ts'
import { picker } from './picker.ts'
import { pickerView, pickerViewColumn } from './picker-view.ts'
import { scrollView } from './scroll-view.ts'
import { slider } from './slider.ts'
import { swiper, swiperItem } from './swiper.ts'

const all: readonly BuiltIn[] = [
  button,
  checkbox,
  checkboxGroup,
  coverImage,
  form,
  icon,
  image,
  input,
  navigationBar,
  navigator,
  pageMeta,
  picker,
  pickerView,
  pickerViewColumn,
  progress,
  radio,
  radioGroup,
  richText,
  scrollView,
  slider,
  swiper,
  swiperItem,
  switchBuiltIn,
  textarea,
]

/** Makes WeChat's built-in components known to every template. */
export function registerBuiltIns(templates: Readonly<Record<string, unknown>>): void {
  for (const one of all) one.register(templates)
}
