// The page: what the address says is shown, and what is clicked is written into the address.

import { Failure, getJson, moved, openFile } from './bytes.js'
import { $, count, h } from './dom.js'
import { showConcepts, showFilters } from './filters.js'
import { joinRuns, openRuns, showOverview, showResults, showThumbnail } from './results.js'
import { lightUp, showScene } from './scene.js'
import { openSplit, search, select, sortRows } from './split.js'
import { readAddress, writeAddress } from './state.js'

const PAGE = 50
let contents, runs = [], split, state = readAddress(), selection, rows, found = null, chosen = {}
let opening = 0, choosing = 0, showing = 0, searching = 0, drawn = null
const times = {} // for measurements: milliseconds and bytes when something is there
window.explorer = { moved, times }
const started = performance.now()
const note = name => { times[name] = [performance.now() - started, moved.bytes] }

function complain(error) {
  if (!(error instanceof Failure)) console.error(error)
  const what = error instanceof Failure ? error.message : `This cannot be read: ${error?.message ?? error}`
  $('#message').replaceChildren(h('p', {}, what))
  $('#message').hidden = false
}
const guard = action => (...given) => Promise.resolve().then(() => action(...given)).catch(complain)

// --- what is open ----------------------------------------------------------------------------------------------------

async function start() {
  // A page of the disk may fetch nothing; one on a server may stand there without a dataset.
  contents = location.protocol === 'file:' ? null : await getJson('source.json').catch(() => null)
  if (contents) await openContents()
  else $('#pick').hidden = false
}

async function openContents() {
  $('#pick').hidden = true
  document.title = `${contents.title} – gas explorer`
  $('#title').textContent = contents.title
  $('#split').replaceChildren(...contents.splits.map(one => h('option', { value: `${one.config}/${one.split}` }, `${one.config} / ${one.split}${one.rows ? ` (${one.rows.toLocaleString('en')})` : ''}`)))
  $('#split').hidden = contents.splits.length < 2 && !!contents.runs?.length
  document.body.classList.toggle('results', !!contents.runs?.length)
  await follow()
}

/** Shows what the address says. */
async function follow() {
  state = readAddress()
  const description = contents.splits.find(one => `${one.config}/${one.split}` === state.split) ?? contents.splits[0]
  if (split?.description !== description) await openOne(description)
  else await update()
}

async function openOne(description) {
  const turn = ++opening
  split = selection = rows = null
  drawn = null
  chosen = {}
  document.body.dataset.state = 'opening'
  $('#message').hidden = true
  $('#filters').replaceChildren()
  $('#list').replaceChildren()
  const next = await openSplit(description)
  if (turn !== opening) return
  split = next
  state.split = split.name
  $('#split').value = split.name
  $('#go').max = split.rows
  const everything = { size: split.rows, at: place => place, find: row => row }
  rows = everything
  const first = contents.runs?.length && state.row === null ? null : showRow()
  await Promise.all([first, showList()])
  note('first')
  document.body.dataset.state = 'first'
  const report = done => { if (turn === opening) $('#progress').textContent = `${count(done, 'row')} of ${split.rows.toLocaleString('en')} ready for filters` }
  try {
    await split.load(report)
    if (turn !== opening) return
    if (contents.runs?.length) {
      if (!runs.length) runs = await openRuns(contents.runs)
      await joinRuns(split, runs)
      showOrders()
    }
  } catch (error) {
    $('#progress').textContent = ''
    throw error
  }
  $('#progress').textContent = ''
  note('index')
  await update(runs.length > 0) // a row that is shown gets its replies now
  note('ready')
  document.body.dataset.state = 'ready'
}

function showOrders() {
  const options = [h('option', { value: '' }, 'in their order')]
  for (const [key, { label }] of split.orders) options.push(h('option', { value: key }, `${label}, lowest first`), h('option', { value: `-${key}` }, `${label}, highest first`))
  $('#sort').replaceChildren(...options)
  $('#sort').hidden = false
}

// --- filters -----------------------------------------------------------------------------------------------------------

/** Applies filters, search and order, and shows what is left. */
async function update(anew = false, page = null) {
  const turn = ++choosing
  $('#q').value = state.q
  $('#sort').value = state.sort
  if (!split?.loaded) return showRow()
  if (found?.text !== state.q || found?.split !== split) await startSearch()
  const next = await select(split, state.filters, state.q ? found.bits : null)
  if (turn !== choosing) return
  selection = next
  const order = split.orders.get(state.sort.replace(/^-/, ''))
  rows = order ? sortRows(selection.list, order.values, state.sort.startsWith('-')) : selection.list
  redrawFilters()
  await Promise.all([showList(page), showRow(anew)])
}

/** Searches captions beside; what is found so far is shown at once. */
async function startSearch() {
  const turn = ++searching
  found = { text: state.q, split, bits: null }
  if (!state.q) { $('#progress').textContent = ''; return }
  const steps = search(split, state.q)
  const step = async () => {
    const { value } = await steps.next()
    if (turn !== searching) return false
    found.bits = value.bits
    const done = value.done === split.rows
    $('#progress').textContent = done ? '' : `searched ${value.done.toLocaleString('en')} of ${split.rows.toLocaleString('en')}`
    return !done
  }
  if (!(await step())) { note('searched'); return }
  guard(async () => {
    let more = true
    while (more && turn === searching) {
      more = await step()
      if (turn === searching) await update()
    }
    if (turn === searching) note('searched')
  })()
}

function redrawFilters() {
  const focus = document.activeElement?.closest?.('[data-facet]')
  const [facet, value] = [focus?.dataset.facet, document.activeElement?.dataset?.value]
  $('#filters').replaceChildren(showConcepts(split, state, toggle), ...showFilters(split, state, selection.counts, toggle))
  if (facet && value) [...document.querySelectorAll(`[data-facet] [data-value]`)].find(one => one.dataset.value === value && one.closest('[data-facet]').dataset.facet === facet)?.focus()
  $('#clear').hidden = !state.filters.size && !state.q
}

const toggle = guard(async (name, value) => {
  const values = state.filters.get(name) ?? []
  const next = values.includes(value) ? values.filter(one => one !== value) : [...values, value]
  if (next.length) state.filters.set(name, next)
  else state.filters.delete(name)
  writeAddress(state)
  await update(false, 0)
})

// --- the list ------------------------------------------------------------------------------------------------------------

let shownPage = 0

/** Shows the page of the list that has the row that is shown, or else the first, or the one that is asked for. */
async function showList(page = null) {
  const place = state.row === null ? -1 : rows.find(state.row)
  shownPage = page ?? Math.max(0, Math.floor(place / PAGE))
  const [current, of] = [rows, split]
  const first = shownPage * PAGE
  const numbers = Array.from({ length: Math.min(PAGE, Math.max(0, rows.size - first)) }, (_, i) => rows.at(first + i))
  const captions = await split.readCaptions(numbers)
  if (current !== rows || of !== split) return
  $('#count').textContent = rows.size === split.rows ? count(rows.size, 'scene') : `${rows.size.toLocaleString('en')} of ${count(split.rows, 'scene')}`
  $('#pages').textContent = rows.size ? `${(first + 1).toLocaleString('en')}–${(first + numbers.length).toLocaleString('en')}` : ''
  $('#earlier').disabled = first === 0
  $('#later').disabled = first + PAGE >= rows.size
  const order = split.orders.get(state.sort.replace(/^-/, '')) ?? split.orders.values().next().value
  $('#list').replaceChildren(...(numbers.length ? numbers.map((row, i) => showItem(row, captions[i], order)) : [h('li', { class: 'nothing' }, 'No scene has all of that. Take a filter away.')]))
  $('#list').scrollTop = 0
  markItem()
}

function showItem(row, caption, order) {
  const scene = split.ids?.[row], value = order?.values[row]
  return h('li', { 'data-row': row }, h('a', { href: addressOf(row), onclick: guard(event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    return openRow(row)
  }) }, scene && runs.map(run => showThumbnail(run, scene)), h('span', { class: 'text' }, caption || '–'),
  h('small', { class: 'pale', title: order ? `row ${row}, ${order.label}` : `row ${row}` }, `${row.toLocaleString('en')}${value === undefined || Number.isNaN(value) ? '' : ` · ${value.toFixed(2)}`}`)))
}

function addressOf(row) {
  const query = new URLSearchParams(location.hash.slice(1))
  query.set('split', split.name)
  query.set('row', row)
  return `#${query}`
}

function markItem() {
  for (const item of $('#list').children) {
    const on = Number(item.dataset.row) === state.row
    item.classList.toggle('on', on)
    if (on) item.querySelector('a').setAttribute('aria-current', 'true')
    else item.querySelector('a')?.removeAttribute('aria-current')
    if (on && item.getBoundingClientRect) item.scrollIntoView({ block: 'nearest' })
  }
}

// --- the row -------------------------------------------------------------------------------------------------------------

async function openRow(row, push = true) {
  state.row = row
  writeAddress(state, push)
  document.body.dataset.view = 'row'
  scrollTo(0, 0)
  await showRow()
  markItem()
}

async function showRow(anew = false) {
  if (contents.runs?.length && state.row === null) return showAll()
  const row = Math.min(state.row ?? 0, split.rows - 1)
  if (row < 0) { $('#row').replaceChildren(h('p', {}, 'This split has no rows.')); return }
  const place = rows.find(row)
  $('#place').textContent = place < 0 ? 'not among those that the filters leave' : `${(place + 1).toLocaleString('en')} of ${rows.size.toLocaleString('en')}`
  document.body.dataset.view = state.row === null ? 'list' : 'row'
  const same = drawn?.split === split && drawn.row === row
  if (same && !anew) return
  const turn = ++showing
  const value = same ? drawn.value : await split.readRow(row)
  if (turn !== showing) return
  drawn = { split, row, value }
  $('#id').textContent = value.id ?? `row ${row}`
  drawRow(value, row)
  $('#row').scrollTop = 0
  note('row')
}

function drawRow(value, row) {
  const results = runs.length && split.loaded ? showResults(runs, value.id, chosen, () => drawRow(value, row)) : {}
  const { config, split: name } = split.description
  const code = contents.load ? `from datasets import load_dataset\nload_dataset(${JSON.stringify(contents.load)}, ${JSON.stringify(config)}, split=${JSON.stringify(name)})[${row}]` : ''
  $('#row').replaceChildren(showScene(value, { code, ...results }))
}

/** The scores of all scenes. */
function showAll() {
  document.body.dataset.view = 'list'
  drawn = null
  showing++
  $('#id').textContent = ''
  $('#place').textContent = ''
  $('#row').replaceChildren(runs.length ? showOverview(runs, split.rows) : h('p', { class: 'pale' }, 'reading …'))
}

/** The next row of the list, or the one before. */
async function step(by) {
  const place = rows.find(state.row ?? -1)
  const next = place < 0 ? 0 : Math.min(Math.max(place + by, 0), rows.size - 1)
  if (!rows.size) return
  await openRow(rows.at(next), false)
  if (Math.floor(next / PAGE) !== shownPage) await showList()
}

// --- what people do --------------------------------------------------------------------------------------------------------

let typed
$('#q').addEventListener('input', () => {
  clearTimeout(typed)
  typed = setTimeout(guard(async () => {
    state.q = $('#q').value.trim()
    writeAddress(state)
    await update(false, 0)
  }), 200)
})
$('#split').addEventListener('change', guard(() => {
  state = { ...readAddress(), split: $('#split').value, row: null, filters: new Map(), sort: '' }
  writeAddress(state, true)
  return follow()
}))
$('#sort').addEventListener('change', guard(() => { state.sort = $('#sort').value; writeAddress(state); return update(false, 0) }))
$('#clear').addEventListener('click', guard(() => { state.filters = new Map(); state.q = ''; writeAddress(state); return update(false, 0) }))
$('#earlier').addEventListener('click', guard(() => showList(shownPage - 1)))
$('#later').addEventListener('click', guard(() => showList(shownPage + 1)))
$('#before').addEventListener('click', guard(() => step(-1)))
$('#next').addEventListener('click', guard(() => step(1)))
$('#jump').addEventListener('submit', guard(event => {
  event.preventDefault()
  const row = Number($('#go').value)
  if ($('#go').value === '' || !Number.isInteger(row) || row < 0 || row >= split.rows) return
  return openRow(row).then(() => showList())
}))
const goBack = guard(() => {
  const inRow = document.body.dataset.view === 'row'
  state.row = null
  writeAddress(state, inRow)
  document.body.dataset.view = 'list'
  if (contents.runs?.length) showAll()
  markItem()
})
$('#back').addEventListener('click', goBack)
$('#share').addEventListener('click', guard(async () => {
  if (state.row === null) { state.row = 0; writeAddress(state) }
  try {
    await navigator.clipboard.writeText(location.href)
    $('#share').textContent = 'copied'
  } catch {
    prompt('The address of this row:', location.href)
  }
  setTimeout(() => { $('#share').textContent = 'copy link' }, 1500)
}))
window.addEventListener('popstate', guard(follow))
window.addEventListener('hashchange', guard(follow))

const schemes = ['light dark', 'light', 'dark']
const remember = scheme => { try { localStorage.setItem('scheme', scheme) } catch { /* a page of the disk may keep nothing */ } }
const recall = () => { try { return localStorage.getItem('scheme') } catch { return null } }
function setScheme(scheme) {
  document.documentElement.style.colorScheme = scheme
  $('#scheme').textContent = { 'light dark': 'auto', light: 'light', dark: 'dark' }[scheme]
}
setScheme(schemes.includes(recall()) ? recall() : schemes[0])
$('#scheme').addEventListener('click', () => {
  const next = schemes[(schemes.findIndex(one => $('#scheme').textContent === { 'light dark': 'auto', light: 'light', dark: 'dark' }[one]) + 1) % 3]
  setScheme(next)
  remember(next)
})
$('#keys').addEventListener('click', () => $('#help').showModal())

document.addEventListener('keydown', guard(event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return
  const writes = event.target.matches?.('input:not([type=file]), select, textarea')
  if (event.key === 'Escape' && writes) return event.target.blur()
  if (writes || $('#help').open) return
  const actions = {
    j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
    n: () => $('#later').click(), p: () => $('#earlier').click(),
    '/': () => $('#q').focus(), c: () => $('#concept')?.focus(), g: () => $('#go').focus(),
    Escape: goBack, '?': () => $('#help').showModal(),
  }
  if (!actions[event.key] || !split) return
  if (event.key.startsWith('Arrow') && event.target.closest?.('#row, #side')) return // they scroll
  event.preventDefault()
  return actions[event.key]()
}))

async function pick(files) {
  const some = [...files].filter(file => file.name.endsWith('.parquet'))
  if (!some.length) throw new Failure('That is no .parquet file. Pick one or several that gas build wrote.')
  some.sort((one, other) => (one.name < other.name ? -1 : 1))
  contents = {
    title: some.map(file => file.name).join(', '), load: null, runs: [],
    splits: [{ config: 'picked', split: some[0].name, rows: null, index: null, reader: null, files: some.map(file => ({ source: openFile(file), rows: null })) }],
  }
  runs = []
  split = null
  await openContents()
}
$('#file').addEventListener('change', guard(event => pick(event.target.files)))
document.addEventListener('dragover', event => event.preventDefault())
document.addEventListener('drop', guard(event => { event.preventDefault(); return pick(event.dataTransfer.files) }))

lightUp($('#row'))
if (matchMedia('(max-width: 820px)').matches) $('#side').open = false
guard(start)()
