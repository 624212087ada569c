// Which rows have what: from the index that lies beside the Parquet files, or read off the rows where there is none.
// Both give the same: {facets: [{name, values, counts, bits(value)}], concepts, findConcept, readCaptions}.

import { decompress } from 'fzstd'
import * as bitmap from './bitmap.js'
import { Failure, getJson, getRange } from './bytes.js'

const VERSION = 1
const STEP = 4096
const KEPT = 256
const decoder = new TextDecoder()
const wait = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))

// --- the index ---------------------------------------------------------------------------------------------------

/** Opens an index, and waits while it is made. */
export async function openIndex(folder, report) {
  for (;;) {
    const found = await getJson(`${folder}index.json`)
    if (found.version === VERSION) return readIndex(folder, found)
    if (!('done' in found)) throw new Failure('the index of filters is of another version; make it anew')
    report(found.done)
    await wait(300)
  }
}

async function readIndex(folder, index) {
  const words = Math.ceil(index.rows / 32)
  const packed = index.facets.length ? new Uint8Array(await getRange(`${folder}facets.bin`)) : null
  const facets = index.facets.map(({ name, values, counts, place, bytes }) => {
    let whole
    return {
      name, values, counts,
      bits(value) {
        whole ??= new Uint32Array(decompress(packed.subarray(place, place + bytes), new Uint8Array(4 * words * values.length)).buffer)
        const i = values.indexOf(value)
        return i < 0 ? bitmap.create(index.rows) : whole.subarray(i * words, (i + 1) * words)
      },
    }
  })
  let first = 0
  const concepts = index.concepts.map(([id, name, rows]) => ({ id, name, rows, first: (first += rows) - rows }))
  return {
    facets, concepts,
    async findConcept(id) {
      const bits = bitmap.create(index.rows)
      const concept = concepts.find(one => one.id === id)
      if (!concept?.rows) return bits
      const start = 4 * concept.first
      for (const row of new Uint32Array(await getRange(`${folder}concepts.bin`, start, start + 4 * concept.rows))) bitmap.add(bits, row)
      return bits
    },
    ...openCaptions(`${folder}captions.bin`, index.captions, index.rows),
  }
}

/** Captions in blocks, each fetched when one of it is shown; a search goes through all. */
function openCaptions(url, { block, places }, rows) {
  const kept = new Map()
  const unpack = (buffer, start, number) =>
    JSON.parse(decoder.decode(decompress(new Uint8Array(buffer, places[number] - start, places[number + 1] - places[number]))))
  async function readBlock(number) {
    if (!kept.has(number)) {
      kept.set(number, getRange(url, places[number], places[number + 1]).then(buffer => unpack(buffer, places[number], number)))
      if (kept.size > KEPT) kept.delete(kept.keys().next().value)
    }
    return kept.get(number)
  }
  return {
    readCaptions: numbers => Promise.all(numbers.map(async row => (await readBlock(Math.floor(row / block)))[row % block])),
    /** Yields [first row, captions], in order. */
    async *scanCaptions() {
      const together = 48
      const fetchSome = number => getRange(url, places[number], places[Math.min(number + together, places.length - 1)])
      let next = rows ? fetchSome(0) : null
      for (let number = 0; number < places.length - 1; number += together) {
        const buffer = await next
        if (number + together < places.length - 1) next = fetchSome(number + together)
        for (let i = number; i < Math.min(number + together, places.length - 1); i++) yield [i * block, unpack(buffer, places[number], i)]
      }
    },
  }
}

// --- without an index ----------------------------------------------------------------------------------------------

/** What each facet has of a row: one value or several. As builders/explorer/index.py reads them off the columns. */
const READERS = {
  complexity: row => row.structure?.complexity,
  objects: row => row.structure?.objects,
  attribute: row => row.scene_graph?.objects?.flatMap(object => object.attributes.map(one => one.kind)),
  relation: row => row.scene_graph?.relations?.map(one => one.category),
  scene: row => row.scene_attributes?.map(one => one.kind),
  form: row => row.questions?.map(one => one.form),
  kind: row => row.questions?.map(one => one.kind),
  edit: row => row.pair?.edit,
  difficulty: row => (row.difficulty == null ? null : Math.floor(row.difficulty)), // its whole part is the level
}
const COLUMNS = ['caption', 'structure', 'scene_graph', 'scene_attributes', 'questions', 'pair', 'difficulty']

/** Reads all rows of a split for what filters need; `report` is told how many are read. */
export async function scanRows(files, rows, report) {
  const found = Object.fromEntries(Object.keys(READERS).map(name => [name, new Map()]))
  const concepts = new Map(), captions = []
  const note = (map, value, row) => {
    if (!map.has(value)) map.set(value, bitmap.create(rows))
    bitmap.add(map.get(value), row)
  }
  for (let start = 0; start < rows; start += STEP) {
    const some = await files.read(start, Math.min(start + STEP, rows), COLUMNS)
    some.forEach((row, i) => {
      captions.push(row.caption ?? '')
      for (const [name, read] of Object.entries(READERS)) {
        for (const value of [read(row)].flat()) if (value != null) note(found[name], String(value), start + i)
      }
      for (const { concept, name } of row.scene_graph?.objects ?? []) {
        const id = concept ?? name // results of other tools have no concepts
        if (!concepts.has(id)) concepts.set(id, { id, name, bits: bitmap.create(rows) })
        bitmap.add(concepts.get(id).bits, start + i)
      }
    })
    report(start + some.length)
    await wait(0)
  }
  const facets = Object.entries(found).filter(([, map]) => map.size).map(([name, map]) => describe(name, map, rows))
  for (const concept of concepts.values()) concept.rows = bitmap.countCommon(concept.bits, concept.bits)
  return {
    facets,
    concepts: [...concepts.values()],
    findConcept: async id => concepts.get(id)?.bits ?? bitmap.create(rows),
    readCaptions: async numbers => numbers.map(row => captions[row]),
    async *scanCaptions() {
      for (let start = 0; start < rows; start += STEP) yield [start, captions.slice(start, start + STEP)]
    },
  }
}

/** A facet out of its values' sets of rows; values that are numbers come first, in their order. */
export function describe(name, map, rows) {
  const rank = value => (/^\d+$/.test(value) ? Number(value) : Infinity)
  const values = [...map.keys()].sort((one, other) => (rank(one) === rank(other) ? 0 : rank(one) - rank(other)))
  return {
    name, values,
    counts: values.map(value => bitmap.countCommon(map.get(value), map.get(value))),
    bits: value => map.get(value) ?? bitmap.create(rows),
  }
}
