// A split that is looked at: its rows, what filters leave of them, and in which order they come.

import * as bitmap from './bitmap.js'
import { getJson } from './bytes.js'
import { openIndex, scanRows } from './facets.js'
import { openFiles } from './rows.js'

export const CONCEPT = 'concept'
const STILL = 300 // milliseconds between two looks at what a search has found

/** Opens a split of `source.json`; its facets come later, by `load`. */
export async function openSplit(description) {
  const files = openFiles(description.files)
  const rows = description.rows ?? await files.size()
  return {
    description, rows, files,
    name: `${description.config}/${description.split}`,
    facets: [], concepts: [], extra: [], orders: new Map(), loaded: null,
    readRow: async row => (description.reader ? getJson(`${description.reader}${row}`) : (await files.read(row, row + 1))[0]),
    /** Gets what filters need; `report` is told how many rows are done. */
    async load(report) {
      this.loaded = await (description.index ? openIndex(description.index, report) : scanRows(files, rows, report))
      this.facets = this.loaded.facets
      this.concepts = this.loaded.concepts
    },
    /** Captions of some rows; before filters are there, out of the Parquet file. */
    async readCaptions(numbers) {
      if (this.loaded) return this.loaded.readCaptions(numbers)
      if (!numbers.length) return []
      const some = await files.read(Math.min(...numbers), Math.max(...numbers) + 1, ['caption'])
      return numbers.map(row => some[row - Math.min(...numbers)]?.caption ?? '')
    },
  }
}

/** The rows that have any of the values of a facet, or all of the concepts. */
async function findRows(split, name, values) {
  if (name === CONCEPT) {
    const found = await Promise.all(values.map(id => split.loaded.findConcept(id)))
    return found.slice(1).reduce((all, bits) => bitmap.intersect(all, bits), found[0].slice())
  }
  const facet = [...split.facets, ...split.extra].find(one => one.name === name)
  if (!facet) return null
  return values.reduce((all, value) => bitmap.unite(all, facet.bits(value)), bitmap.create(split.rows))
}

const LETTER = /[\p{L}\p{N}]/u

/** Whether a word of a text begins with a term. */
function hasWord(text, term) {
  for (let place = text.indexOf(term); place >= 0; place = text.indexOf(term, place + 1)) {
    if (place === 0 || !LETTER.test(text[place - 1])) return true
  }
  return false
}

const readTerms = text => [...text.matchAll(/"([^"]+)"|(\S+)/g)].map(found => (found[1] ?? found[2]).toLowerCase())

/** Searches captions for words that begin with all terms, and yields what is found so far: {bits, done}. */
export async function* search(split, text) {
  const terms = readTerms(text), bits = bitmap.create(split.rows)
  let looked = performance.now()
  for await (const [first, captions] of split.loaded.scanCaptions()) {
    captions.forEach((caption, i) => {
      const letters = caption.toLowerCase()
      if (terms.every(term => hasWord(letters, term))) bitmap.add(bits, first + i)
    })
    if (performance.now() - looked > STILL) {
      yield { bits, done: first + captions.length }
      await new Promise(resolve => setTimeout(resolve))
      looked = performance.now()
    }
  }
  yield { bits, done: split.rows }
}

/** What filters and a search leave: the selection, and how many rows each value of each facet would have. */
export async function select(split, filters, text) {
  const full = () => bitmap.createFull(split.rows)
  const parts = new Map()
  for (const [name, values] of filters) {
    const bits = await findRows(split, name, values)
    if (bits) parts.set(name, bits)
  }
  if (text) parts.set('', text)
  const meet = without => [...parts].reduce((all, [name, bits]) => (name === without ? all : bitmap.intersect(all, bits)), full())
  const selected = meet(null)
  const counts = new Map([...split.facets, ...split.extra].map(facet => {
    if (!parts.size) return [facet.name, facet.counts]
    const others = parts.has(facet.name) ? meet(facet.name) : selected
    return [facet.name, facet.values.map(value => bitmap.countCommon(facet.bits(value), others))]
  }))
  return { bits: selected, counts, list: bitmap.enumerate(selected) }
}

/** A selection in the order of numbers, one a row; rows without a number come last. */
export function sortRows(list, values, descending) {
  const rows = Array.from({ length: list.size }, (_, place) => list.at(place))
  const rank = row => (Number.isNaN(values[row]) ? Infinity : descending ? -values[row] : values[row])
  rows.sort((one, other) => (rank(one) === rank(other) ? one - other : rank(one) - rank(other)))
  const places = new Map(rows.map((row, place) => [row, place]))
  return { size: rows.length, at: place => rows[place], find: row => places.get(row) ?? -1 }
}
