// Building a page out of text. Nothing here, or anywhere else, reads a text as markup: what a stranger wrote into a
// dataset is a text node or the value of an attribute that runs nothing.

const SVG = 'http://www.w3.org/2000/svg'
const SAFE = /^(?:class|id|for|type|name|value|href|src|alt|title|role|tabindex|hidden|open|disabled|placeholder|min|max|step|controls|loop|muted|loading|colspan|scope|rowspan|list|label|autocomplete|d|x|y|x1|x2|y1|y2|cx|cy|r|rx|width|height|viewBox|transform|text-anchor|fill|aria-.+|data-.+)$/

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === 'style') for (const [key, one] of Object.entries(value)) element.style.setProperty(key, one)
    else if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false && value != null) {
      if (!SAFE.test(name)) throw new Error(`no attribute ${name}`)
      element.setAttribute(name, value)
    }
  }
  element.append(...children.flat(Infinity).filter(child => child != null && child !== false))
  return element
}

/** An element of HTML: `h('p', {class: 'pale'}, 'text', other)`; `onclick` and its like take functions. */
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children)

/** An element of SVG. */
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children)

export const $ = selector => document.querySelector(selector)

export const count = (number, one, many = `${one}s`) => `${number.toLocaleString('en')} ${number === 1 ? one : many}`

/** What a key is called: `painting_style` is "painting style". */
export const spell = text => (text === 'yes_no' ? 'yes/no' : String(text).replaceAll('_', ' '))
