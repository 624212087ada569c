// Scene graphs as SVG, by the rules of builders/drawing/scene_graphs.py (Sugiyama, Tagawa and Toda 1981): objects in
// layers, each below all that has a relation to it; labels of relations in layers of their own between these; what
// passes a layer keeps a place in it. So no label is hidden.

import { s } from './dom.js'

const MARGIN = 8, BETWEEN = 26, LABEL_GAP = 10, WIDEST = 150, LINE = 17, SMALL = 16, GAP = 26, PASSING = 14
const ROW = 720, ROUNDS = 12

const sum = values => values.reduce((total, value) => total + value, 0)
const narrow = /[fijlrtI.,:;|!'()[\] ]/, wide = /[mwMW@%&]/
const measureLetter = letter =>
  letter.codePointAt(0) >= 0x2e80 ? 1.05 : narrow.test(letter) ? 0.36 : wide.test(letter) ? 0.92 : /\p{Lu}/u.test(letter) ? 0.7 : 0.6
const measure = (text, size) => size * sum([...text].map(measureLetter))

function cut(text, width, size) {
  if (measure(text, size) <= width) return text
  let letters = [...text]
  while (letters.length && measure(letters.join('') + '…', size) > width) letters.pop()
  return letters.join('') + '…'
}

function wrap(text, width, size, most = 3) {
  const lines = []
  for (const word of String(text).split(/\s+/)) {
    const joined = lines.length ? `${lines.at(-1)} ${word}` : word
    if (lines.length && measure(joined, size) <= width) lines[lines.length - 1] = joined
    else lines.push(word)
  }
  if (lines.length > most) lines.splice(most - 1, Infinity, lines.slice(most - 1).join(' '))
  return lines.map(line => cut(line, width, size))
}

function createNode(sort, element, lines = [], values = []) {
  const node = { sort, element, lines, values, x: 0, y: 0, room: 0, above: [], below: [] }
  const sizes = [...lines.map(line => measure(line, 14)), ...values.map(one => measure(one.text, 13))]
  node.width = sort === 'passing' ? PASSING : sort === 'label' ? measure(lines[0], 13) + 2 * LABEL_GAP : Math.max(64, ...sizes.map(one => one + 20)) + BETWEEN
  return node
}

const heightOf = node =>
  node.sort === 'object' ? 14 + LINE * node.lines.length + SMALL * node.values.length : node.sort === 'label' ? 18 : node.room

/** What an object is called, and how many it stands for, if several. */
export const labelObject = object => (object.count > 1 ? `${object.count} × ${object.name}` : object.name)

function makeLayers(nodes, relations) {
  const depth = nodes.map(() => 0)
  for (const _ of nodes) for (const { subject, object } of relations) depth[object] = Math.min(nodes.length, Math.max(depth[object], depth[subject] + 1))
  nodes.forEach((_, number) => {
    const ends = relations.filter(one => one.subject === number).map(one => depth[one.object])
    if (ends.length && !relations.some(one => one.object === number)) depth[number] = Math.min(...ends) - 1
  })
  const layers = Array.from({ length: 2 * Math.max(0, ...depth) + 1 }, () => [])
  nodes.forEach((node, number) => {
    if (relations.some(one => one.subject === number || one.object === number)) layers[2 * depth[number]].push(node)
  })
  const join = (upper, lower) => { upper.below.push(lower); lower.above.push(upper) }
  relations.forEach(({ subject, object, predicate }, number) => {
    let last = nodes[subject]
    for (let place = 2 * depth[subject] + 1; place < 2 * depth[object]; place++) {
      const first = place === 2 * depth[subject] + 1
      const node = first ? createNode('label', `relation/${number}`, wrap(predicate, 2 * WIDEST, 13, 1)) : createNode('passing')
      layers[place].push(node)
      join(last, node)
      last = node
    }
    join(last, nodes[object])
  })
  return layers.filter(layer => layer.length)
}

function orderLayers(layers, down) {
  const ordered = down ? layers : layers.toReversed()
  for (let i = 1; i < ordered.length; i++) {
    const before = ordered[i - 1], means = new Map()
    ordered[i].forEach((node, number) => {
      const near = (down ? node.above : node.below).map(other => before.indexOf(other))
      means.set(node, near.length ? sum(near) / near.length : number)
    })
    ordered[i].sort((one, other) => means.get(one) - means.get(other))
  }
}

/** Places nodes in their order near their wishes: in the middle of how far left and how far right they fit. */
function pack(layer, wishes) {
  const left = [...wishes], right = [...wishes]
  for (let i = 1; i < layer.length; i++) left[i] = Math.max(left[i], left[i - 1] + (layer[i - 1].width + layer[i].width) / 2)
  for (let i = layer.length - 2; i >= 0; i--) right[i] = Math.min(right[i], right[i + 1] - (layer[i + 1].width + layer[i].width) / 2)
  layer.forEach((node, i) => { node.x = (left[i] + right[i]) / 2 })
}

function placeAcross(layers) {
  for (const layer of layers) pack(layer, layer.map(() => 0))
  for (let turn = 0; turn < 2 * ROUNDS; turn++) {
    for (const layer of turn % 2 ? layers : layers.toReversed()) {
      pack(layer, layer.map(node => {
        const near = turn % 2 ? node.above : node.below
        return near.length ? sum(near.map(other => other.x)) / near.length : node.x
      }))
    }
  }
  const edge = Math.min(0, ...layers.flat().map(node => node.x - node.width / 2))
  const left = layers.length ? Math.min(...layers.flat().map(node => node.x - node.width / 2)) : edge
  for (const node of layers.flat()) node.x -= left
}

const spread = (others, one, box) => {
  const order = [...others].sort((a, b) => a.x - b.x)
  return (order.indexOf(one) - (order.length - 1) / 2) * Math.min(24, (box.width - BETWEEN - 16) / order.length)
}

function drawLines(node) {
  return node.below.flatMap(other => {
    let [x0, y0, x1, y1] = [node.x, node.y + heightOf(node), other.x, other.y]
    const parts = []
    if (node.sort === 'object') x0 += spread(node.below, other, node)
    if (other.sort === 'object') {
      x1 += spread(other.above, node, other)
      parts.push(s('path', { class: 'head', d: `M${x1} ${y1}l-4.5 -8h9z` }))
      y1 -= 7
    }
    const middle = (y0 + y1) / 2
    return [...parts, s('path', { class: 'edge', d: `M${x0} ${y0}C${x0} ${middle} ${x1} ${middle} ${x1} ${y1}` })]
  })
}

function drawNode(node, changed) {
  const mark = element => (changed.has(element) ? ' changed' : '')
  const text = (line, y, looks) => s('text', { x: node.x, y, 'text-anchor': 'middle', ...looks }, line)
  if (node.sort === 'passing') return s('path', { class: 'edge', d: `M${node.x} ${node.y}v${heightOf(node)}` })
  if (node.sort === 'label') return text(node.lines[0], node.y + 13, { class: `predicate${mark(node.element)}`, 'data-element': node.element })
  const width = node.width - BETWEEN
  let y = node.y + 6
  const lines = node.lines.map(line => text(line, (y += LINE) - 4, { class: 'name' }))
  const values = node.values.map(one => text(one.text, (y += SMALL) - 4, { class: `value${mark(one.element)}`, 'data-element': one.element }))
  const box = s('rect', { x: node.x - width / 2, y: node.y, width, height: heightOf(node), rx: 8 })
  return s('g', { class: `object${mark(node.element)}`, 'data-element': node.element }, box, lines, values)
}

/** Draws a scene graph; `changed` holds the names of elements to be marked. */
export function drawGraph({ objects, relations }, changed = new Set()) {
  const nodes = objects.map((object, i) => createNode(
    'object', `object/${i}`, wrap(labelObject(object), WIDEST, 14),
    object.attributes.flatMap((one, j) => wrap(one.value, WIDEST, 13).map(text => ({ text, element: `attribute/${i}/${j}` }))),
  ))
  const known = relations.filter(one => nodes[one.subject] && nodes[one.object] && one.subject !== one.object)
  const layers = makeLayers(nodes, known)
  for (let turn = 0; turn < ROUNDS; turn++) orderLayers(layers, turn % 2 === 0)
  placeAcross(layers)
  const joined = layers.flat()
  const rows = []
  for (const node of nodes.filter(node => !joined.includes(node))) {
    if (!rows.length || sum(rows.at(-1).map(one => one.width)) + node.width > ROW) rows.push([])
    rows.at(-1).push(node)
  }
  const edge = Math.max(0, ...joined.map(node => node.x + node.width / 2))
  const width = Math.max(120, edge, ...rows.map(row => sum(row.map(one => one.width))))
  let y = MARGIN
  for (const layer of layers) {
    const height = Math.max(...layer.map(heightOf))
    for (const node of layer) {
      node.room = height
      node.y = y + (height - heightOf(node)) / 2
      node.x += (width - edge) / 2
    }
    y += height + GAP
  }
  for (const row of rows) {
    let x = (width - sum(row.map(one => one.width))) / 2
    for (const node of row) {
      node.x = x + node.width / 2
      node.y = y
      x += node.width
    }
    y += Math.max(...row.map(heightOf)) + GAP
  }
  const height = Math.max(y - GAP, 0) + MARGIN
  const said = `Scene graph: ${objects.map(labelObject).join(', ')}${relations.length ? `; ${relations.map(one => `${objects[one.subject]?.name} ${one.predicate} ${objects[one.object]?.name}`).join(', ')}` : ''}`
  return s('svg', { class: 'graph', role: 'img', 'aria-label': said, viewBox: `0 0 ${width} ${height}`, width, height },
    joined.flatMap(drawLines), [...joined, ...rows.flat()].map(node => drawNode(node, changed)))
}

/** Names of the elements in which two graphs of the same structure differ. */
export function compareGraphs(one, other) {
  const changed = new Set()
  other.objects.forEach((object, i) => {
    const before = one.objects[i]
    if (before?.name !== object.name || before?.concept !== object.concept || (before?.count ?? 1) !== (object.count ?? 1)) changed.add(`object/${i}`)
    object.attributes.forEach((attribute, j) => {
      if (before?.attributes[j]?.value !== attribute.value) changed.add(`attribute/${i}/${j}`)
    })
  })
  other.relations.forEach((relation, i) => {
    const before = one.relations[i]
    if (['subject', 'predicate', 'object'].some(key => before?.[key] !== relation[key])) changed.add(`relation/${i}`)
  })
  return changed
}
