// The state of the page in its address: #split=multi_object/train&row=17&q=red&complexity=3&complexity=4&concept=dog.n.01

const PLAIN = new Set(['split', 'row', 'q', 'sort'])

/** Reads the address: `split`, `row`, `q`, `sort`, and `filters`, a Map of facet and values. */
export function readAddress() {
  const state = { split: null, row: null, q: '', sort: '', filters: new Map() }
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
    if (key === 'row') state.row = /^\d{1,15}$/.test(value) ? Number(value) : null
    else if (PLAIN.has(key)) state[key] = value
    else if (!state.filters.get(key)?.includes(value)) state.filters.set(key, [...(state.filters.get(key) ?? []), value])
  }
  return state
}

/** Writes the address; `push` makes the browser's back button lead to what was before. */
export function writeAddress(state, push = false) {
  const query = new URLSearchParams()
  if (state.split) query.append('split', state.split)
  for (const [key, values] of state.filters) for (const value of values) query.append(key, value)
  if (state.q) query.append('q', state.q)
  if (state.sort) query.append('sort', state.sort)
  if (state.row !== null) query.append('row', state.row)
  const hash = `#${query}`.replaceAll('%2F', '/')
  if (hash !== location.hash) history[push ? 'pushState' : 'replaceState'](null, '', hash)
}
