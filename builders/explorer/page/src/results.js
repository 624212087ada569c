// Evaluations: pictures, what models replied, and how sure the scores are. All comes from the tables of `gas evaluate`.

import * as bitmap from './bitmap.js'
import { getJson } from './bytes.js'
import { count, h, spell } from './dom.js'
import { describe } from './facets.js'
import { readTable } from './rows.js'

const VIDEO = /\.(mp4|webm|mov|mkv|avi)$/i, PICTURE = /\.(png|jpe?g|webp|gif)$/i
const LETTERS = 'ABCDEFGH'
const share = value => (100 * value).toFixed(0) + ' %'
const group = (list, key) => Map.groupBy ? Map.groupBy(list, key) : list.reduce((map, one) => map.set(key(one), [...(map.get(key(one)) ?? []), one]), new Map())

/** Reads the tables of runs. */
export function openRuns(descriptions) {
  return Promise.all(descriptions.map(async (description, number) => {
    const [answers, scores, figures] = await Promise.all([
      readTable(description.answers),
      description.scores ? readTable(description.scores) : [],
      description.figures ? getJson(description.figures).catch(() => null) : null,
    ])
    const images = new Map()
    for (const { scene, image } of [...answers, ...scores]) {
      if (image != null) images.set(scene, (images.get(scene) ?? new Set()).add(image))
    }
    return {
      ...description, number, figures, letter: LETTERS[number] ?? String(number + 1),
      answers: group(answers, one => one.scene), scores: group(scores.filter(one => one.model != null), one => one.scene),
      images, metrics: [...new Set(scores.filter(one => one.model != null).map(one => one.metric))].sort(),
    }
  }))
}

const mean = values => (values.length ? values.reduce((total, value) => total + value, 0) / values.length : NaN)

/** Adds to a split of scenes what can be filtered and sorted by: what models got wrong, and their scores. */
export async function joinRuns(split, runs) {
  const ids = (await split.files.read(0, split.rows, ['id'])).map(row => row.id)
  const order = (key, label, read) => split.orders.set(key, { label, values: Float64Array.from(ids, read) })
  for (const run of runs) {
    const wrong = new Map(), said = `${run.letter} ${run.model}`
    const note = (value, row) => bitmap.add(wrong.get(value) ?? wrong.set(value, bitmap.create(split.rows)).get(value), row)
    ids.forEach((id, row) => {
      const answers = run.answers.get(id) ?? []
      for (const one of answers) if (one.right === false) note(one.kind, row)
      if (answers.length && answers.every(one => one.right === true)) note('nothing', row)
      if (answers.some(one => one.right == null)) note('no reply', row)
    })
    split.extra.push({ ...describe(`wrong_${run.letter}`, wrong, split.rows), label: `${said} is wrong about` })
    order(`right_${run.letter}`, `${said}: right answers`, id => mean((run.answers.get(id) ?? []).filter(one => one.right != null).map(one => Number(one.right))))
    for (const metric of run.metrics) {
      order(`${metric}_${run.letter}`, `${said}: ${metric}`, id => mean((run.scores.get(id) ?? []).filter(one => one.metric === metric && one.value != null).map(one => one.value)))
    }
  }
  for (const other of runs.slice(1)) {
    const [one, two] = [runs[0], other].map(run => split.orders.get(`right_${run.letter}`).values)
    split.orders.set(`gap_${other.letter}`, { label: `right answers, ${runs[0].letter} minus ${other.letter}`, values: one.map((value, row) => value - two[row]) })
  }
  split.ids = ids
}

const locate = (run, image) => run.pictures + image.split('/').map(encodeURIComponent).join('/')

/** A picture, a video, or the frames of a folder. */
function showImage(run, image, said) {
  const url = locate(run, image)
  if (PICTURE.test(image)) return h('img', { src: url, alt: said, loading: 'lazy' })
  if (VIDEO.test(image)) return h('video', { src: url, controls: true, loop: true, muted: true })
  const strip = h('div', { class: 'frames' })
  getJson(url).then(({ frames }) => strip.append(...frames.map(name => h('img', { src: `${url}/${encodeURIComponent(name)}`, alt: `${said}, ${name}`, loading: 'lazy' }))))
    .catch(error => strip.append(error.message))
  return strip
}

export const showThumbnail = (run, scene) => {
  const image = [...(run.images.get(scene) ?? [])].find(one => PICTURE.test(one))
  return image && h('img', { class: 'thumbnail', src: locate(run, image), alt: '', loading: 'lazy' })
}

/** Pictures of a scene, of each model, and its replies; another picture is chosen by a click, and `redraw` called. */
export function showResults(runs, scene, chosen, redraw) {
  const shown = runs.map(run => {
    const images = [...(run.images.get(scene) ?? [])].sort()
    const image = images[Math.min(chosen[run.number] ?? 0, images.length - 1)]
    const answers = (run.answers.get(scene) ?? []).filter(one => one.image === image)
    return { run, images, image, answers: new Map(answers.map(one => [one.question, one])) }
  })
  const pictures = h('section', { class: 'pictures' }, shown.map(({ run, images, image, answers }) => {
    const right = [...answers.values()].filter(one => one.right).length
    const values = (run.scores.get(scene) ?? []).filter(one => one.image === image)
    return h('figure', { class: `run run-${run.number}` },
      h('figcaption', {}, h('b', { class: 'letter' }, run.letter), ' ', run.model, answers.size ? h('span', { class: 'pale' }, ` ${right} of ${answers.size} right`) : null),
      image == null ? h('p', { class: 'pale' }, 'no picture of this scene') : showImage(run, image, `${run.model}: picture of the scene`),
      images.length > 1 ? h('div', { class: 'chooser' }, images.map((one, i) =>
        h('button', { type: 'button', title: one, 'aria-pressed': String(one === image), onclick: () => { chosen[run.number] = i; redraw() } }, i + 1))) : null,
      values.length ? h('dl', {}, values.map(one => [h('dt', { title: one.metric }, one.metric.split('@')[0]), h('dd', {}, one.value == null ? '–' : one.value.toFixed(2))])) : null)
  }))
  const replies = number => shown.filter(({ answers }) => answers.has(number)).map(({ run, answers }) => {
    const { reply, right, probability } = answers.get(number)
    const how = right == null ? 'none' : right ? 'right' : 'wrong'
    const said = `${run.model}: ${how === 'none' ? 'no reply' : how}${probability == null ? '' : `, probability of the right answer ${probability.toFixed(2)}`}`
    return h('span', { class: `reply ${how} run-${run.number}`, title: said, 'data-how': how },
      h('b', { class: 'letter' }, run.letter), h('span', { class: 'sign', role: 'img', 'aria-label': how }, { right: '✓', wrong: '✗', none: '?' }[how]), ' ', reply ?? 'no reply')
  })
  return { pictures, replies }
}

// --- all scenes together -------------------------------------------------------------------------------------------

/** A number with its interval as a bar; all of a table share one scale. */
function drawBar(one, low, high, number) {
  const place = value => `${Math.max(0, Math.min(100, 100 * (value - low) / (high - low || 1)))}%`
  return h('div', { class: `bar run-${number}`, title: `${one.value} [${one.low}, ${one.high}]` },
    h('i', { class: 'value', style: { width: place(one.value) } }),
    h('i', { class: 'whisker', style: { left: place(one.low), right: `calc(100% - ${place(one.high)})` } }))
}

function showTable(title, names, find) {
  const some = names.flatMap(([, found]) => found)
  const unit = some.every(one => one.low >= 0 && one.high <= 1)
  const [low, high] = unit ? [0, 1] : [Math.min(0, ...some.map(one => one.low)), Math.max(...some.map(one => one.high))]
  return h('table', { class: 'scores' }, h('caption', {}, title),
    h('tbody', {}, names.map(([name, found]) => found.map((one, i) => h('tr', {},
      i === 0 ? h('th', { scope: 'row', rowspan: found.length }, find(name)) : null,
      h('td', { class: `who run-${one.number}` }, h('b', { class: 'letter' }, one.letter)),
      h('td', { class: 'drawing' }, drawBar(one, low, high, one.number)),
      h('td', { class: 'numbers' }, unit ? share(one.value) : one.value.toFixed(2), h('span', { class: 'pale' }, unit ? ` ${share(one.low).replace(' %', '')}–${share(one.high)}` : ` ${one.low.toFixed(2)}–${one.high.toFixed(2)}`)))))))
}

/** A metric by its name; what else its id says stands small beside it. */
const nameMetric = id => (id === 'answers' ? 'right answers' : [id.split('@')[0], h('small', { class: 'pale' }, ` ${id.split('@').slice(1).join('@')}`)])

/** Scores of all scenes: by metric, by kind and by form, with intervals as the report has them. */
export function showOverview(runs, scenes) {
  const known = runs.filter(run => run.figures?.overall)
  const collect = (read, key) => {
    const names = new Map()
    for (const run of known) {
      for (const one of (read(run.figures) ?? []).filter(one => one.run === 0 && Number.isFinite(one.value))) {
        if (!names.has(one[key])) names.set(one[key], [])
        names.get(one[key]).push({ ...one, letter: run.letter, number: run.number })
      }
    }
    return [...names]
  }
  const answers = read => figures => read(figures)?.filter(one => one.metric === 'answers')
  const tables = [
    ['All scenes', collect(figures => figures.overall, 'metric'), nameMetric],
    ['Right answers by kind of question', collect(answers(figures => figures.by?.kind), 'group'), spell],
    ['Right answers by form', collect(answers(figures => figures.by?.form), 'group'), spell],
    ['Right answers by number of objects', collect(answers(figures => figures.by?.objects), 'group'), spell],
  ].filter(([, names]) => names.length)
  return h('article', { class: 'overview' },
    h('h2', {}, runs.map(run => h('span', { class: `model run-${run.number}` }, h('b', { class: 'letter' }, run.letter), ` ${run.model}`))),
    h('p', { class: 'pale' }, `${count(scenes, 'scene')}. Bars end at the number; lines are 95 % confidence intervals, by resampling scenes. Choose a scene from the list to see its pictures and replies.`),
    tables.map(([title, names, find]) => showTable(title, names, find)),
    known.length < runs.length ? h('p', {}, `${runs.filter(run => !known.includes(run)).map(run => run.name).join(', ')} has no report.json: gas evaluate ${runs.find(run => !known.includes(run)).name} writes it.`) : null)
}
