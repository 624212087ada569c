// The filters beside the list: a histogram for numbers, a list for words, and the search for concepts.

import { count, h, spell } from './dom.js'
import { CONCEPT } from './split.js'

const FIRST = 8, PROPOSED = 8
const NAMES = {
  attribute: 'attribute kind', relation: 'relation category', scene: 'scene attribute', form: 'question form',
  kind: 'question kind', edit: 'edit of the pair',
}

/** Draws all filters. `toggle(facet, value)` changes one. */
export function showFilters(split, state, counts, toggle) {
  return [...split.extra, ...split.facets].map(facet => {
    const chosen = state.filters.get(facet.name) ?? []
    const numbers = counts?.get(facet.name) ?? facet.counts
    const isNumber = facet.values.every(value => /^\d+$/.test(value)) && facet.values.length > 1
    const draw = isNumber ? drawHistogram : drawList
    return h('fieldset', { class: 'facet', 'data-facet': facet.name },
      h('legend', {}, facet.label ?? NAMES[facet.name] ?? spell(facet.name)),
      draw(facet, numbers, chosen, value => toggle(facet.name, value)))
  })
}

function drawHistogram(facet, numbers, chosen, choose) {
  const most = Math.max(1, ...numbers)
  return h('div', { class: 'histogram' }, facet.values.map((value, i) =>
    h('button', {
      type: 'button', 'aria-pressed': String(chosen.includes(value)), 'data-value': value, title: `${value}: ${count(numbers[i], 'scene')}`,
      'aria-label': `${facet.name} ${value}: ${count(numbers[i], 'scene')}`, onclick: () => choose(value),
    }, h('i', { style: { height: `${(100 * numbers[i]) / most}%` } }), h('span', {}, value))))
}

function drawList(facet, numbers, chosen, choose) {
  const most = Math.max(1, ...numbers)
  const items = facet.values.map((value, i) => [value, numbers[i]]).sort((one, other) => other[1] - one[1])
  const show = ([value, number]) =>
    h('li', {}, h('button', { type: 'button', class: 'value', 'aria-pressed': String(chosen.includes(value)), 'data-value': value, onclick: () => choose(value) },
      h('i', { style: { width: `${(100 * number) / most}%` } }), h('span', {}, spell(value)), h('b', {}, number.toLocaleString('en'))))
  const [first, rest] = [items.slice(0, FIRST), items.slice(FIRST)]
  return [h('ul', {}, first.map(show)), rest.length ? h('details', { open: rest.some(([value]) => chosen.includes(value)) }, h('summary', {}, `${rest.length} more`), h('ul', {}, rest.map(show))) : null]
}

/** The filter for concepts: chosen ones as chips, and what is typed as proposals. */
export function showConcepts(split, state, toggle) {
  const chosen = state.filters.get(CONCEPT) ?? []
  const name = id => split.concepts.find(one => one.id === id)?.name ?? id
  const proposals = h('ul', { class: 'proposals' })
  const input = h('input', {
    type: 'search', id: 'concept', placeholder: `dog, chair, … (${split.concepts.length.toLocaleString('en')})`, 'aria-label': 'concept', autocomplete: 'off',
    oninput: () => {
      const text = input.value.trim().toLowerCase()
      const rank = one => (one.name === text || one.id === text ? 0 : one.name.startsWith(text) ? 1 : one.name.includes(` ${text}`) ? 2 : 3)
      const found = text ? split.concepts.filter(one => one.name.toLowerCase().includes(text) || one.id.startsWith(text)) : []
      found.sort((one, other) => rank(one) - rank(other) || other.rows - one.rows)
      proposals.replaceChildren(...found.slice(0, PROPOSED).map(one =>
        h('li', {}, h('button', { type: 'button', class: 'value', 'data-value': one.id, onclick: () => toggle(CONCEPT, one.id) },
          h('span', {}, one.name, h('small', {}, ` ${one.id}`)), h('b', {}, one.rows.toLocaleString('en'))))))
    },
    onkeydown: event => {
      if (event.key === 'Enter') { event.preventDefault(); proposals.querySelector('button')?.click() }
    },
  })
  return h('fieldset', { class: 'facet', 'data-facet': CONCEPT }, h('legend', {}, 'concept'),
    h('p', { class: 'chosen' }, chosen.map(id => h('button', { type: 'button', class: 'chip', title: `without ${id}`, onclick: () => toggle(CONCEPT, id) }, `${name(id)} ×`))),
    input, proposals)
}
