// One row: its caption with what it mentions, its graph, its questions, and the minimal pair beside it.

import { count, h, spell } from './dom.js'
import { compareGraphs, drawGraph } from './graph.js'

/** The parts of a caption: texts, and spans for what `mentions` names. Their places count characters, not UTF-16. */
export function underline(caption, mentions = []) {
  const letters = [...caption], parts = []
  let place = 0
  for (const { element, start, end } of [...mentions].sort((one, other) => one.start - other.start || other.end - one.end)) {
    if (start < place || end <= start) continue // inside of what is underlined already
    parts.push(letters.slice(place, start).join(''))
    parts.push(h('mark', { class: element.split('/')[0], 'data-element': element, title: spell(element) }, letters.slice(start, end).join('')))
    place = end
  }
  return [...parts, letters.slice(place).join('')]
}

/** Two texts word by word: [same, only in the first, only in the second], by their longest common part. */
export function compareWords(one, other) {
  const [a, b] = [one, other].map(text => text.split(/(?<=\s)/))
  const table = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1))
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) table[i][j] = a[i].trim() === b[j].trim() ? table[i + 1][j + 1] + 1 : Math.max(table[i + 1][j], table[i][j + 1])
  }
  const parts = []
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    if (i < a.length && j < b.length && a[i].trim() === b[j].trim()) { parts.push(['same', b[j]]); i++; j++ }
    else if (j >= b.length || (i < a.length && table[i + 1][j] >= table[i][j + 1])) parts.push(['gone', a[i++]])
    else parts.push(['new', b[j++]])
  }
  return parts
}

const showAnswer = (answer, looks = '') =>
  h('span', { class: `answer ${answer === 'yes' || answer === 'no' ? answer : 'other'} ${looks}` }, answer ?? '–')

function showQuestion(question, number, replies) {
  const notes = [
    question.choices?.length && h('span', { class: 'choices' }, question.choices.join(' / ')),
    question.foil && h('span', {}, 'foil: ', h('b', {}, question.foil)),
    question.aliases?.length && h('span', {}, `also right: ${question.aliases.join(', ')}`),
    question.depends_on?.length && h('span', {}, 'after ', question.depends_on.map((on, i) => [i ? ', ' : '', h('a', { href: `#question-${on}`, 'data-question': on }, `${on + 1}`)])),
  ].filter(Boolean)
  return h('li', { class: 'question', id: `question-${number}`, tabindex: -1, 'data-elements': (question.elements ?? []).join(' ') },
    h('span', { class: 'number' }, number + 1),
    h('div', { class: 'asked' }, h('div', { class: 'words' }, question.question), notes.length ? h('div', { class: 'notes' }, notes) : null),
    h('div', { class: 'answers' }, showAnswer(question.answer), replies?.(number)))
}

/** Questions by kind; `replies(number)` may show what models answered. */
function showQuestions(questions, replies) {
  const kinds = new Map()
  questions.forEach((question, number) => {
    const key = `${spell(question.kind)}, ${spell(question.form)}`
    kinds.set(key, [...(kinds.get(key) ?? []), number])
  })
  return h('section', { class: 'questions' },
    h('h3', {}, count(questions.length, 'question')),
    [...kinds].map(([key, numbers]) => [h('h4', {}, key, h('span', { class: 'pale' }, ` ${numbers.length}`)),
      h('ol', {}, numbers.map(number => showQuestion(questions[number], number, replies)))]))
}

function showPair(row) {
  const { edit, caption, scene_graph: graph, changed } = row.pair
  const elements = compareGraphs(row.scene_graph, graph), words = compareWords(row.caption, caption)
  const side = (gone, title, drawn) => h('figure', {},
    h('figcaption', {}, title),
    h('p', {}, words.filter(([how]) => how === 'same' || how === gone).map(([how, word]) => (how === 'same' ? word : h(gone === 'gone' ? 'del' : 'ins', {}, word)))),
    drawn)
  return h('section', { class: 'pair', id: 'pair' },
    h('h3', {}, 'Minimal pair ', h('span', { class: 'chip edit' }, spell(edit))),
    row.edit && h('p', { class: 'instruction' }, h('b', {}, row.edit.instruction), h('span', { class: 'pale' },
      ` ${count(row.edit.must_change.length, 'answer')} must change, ${row.edit.must_keep.length} must stay`)),
    h('div', { class: 'sides' },
      side('gone', 'The scene', drawGraph(row.scene_graph, elements)),
      side('new', 'With one thing changed', drawGraph(graph, elements))),
    h('h4', {}, count(changed.length, 'answer changes', 'answers change')),
    h('ul', { class: 'changes' }, changed.map(({ question, answer }) => h('li', {},
      h('span', {}, row.questions[question]?.question ?? `question ${question + 1}`), ' ',
      showAnswer(row.questions[question]?.answer), ' → ', answer == null ? h('span', { class: 'pale' }, 'not asked') : showAnswer(answer)))))
}

const showWordings = (title, list, read) => list?.length
  ? h('section', {}, h('h3', {}, title), h('ul', { class: 'wordings' }, list.map(read)))
  : null

/** A row. `extra` of an evaluation has `pictures`, and `replies` beside the questions. */
export function showScene(row, { code, pictures, replies } = {}) {
  const { structure } = row
  const facts = structure && [
    count(structure.objects, 'object'), count(structure.attributes, 'attribute'), count(structure.relations, 'relation'),
    `complexity ${structure.complexity}`, row.difficulty != null && `difficulty ${showValue(row.difficulty)}`,
  ].filter(Boolean)
  return h('article', { class: 'scene' },
    h('p', { class: 'caption' }, underline(row.caption ?? '', row.mentions)),
    h('p', { class: 'chips' }, row.scene_attributes?.map((one, i) => h('span', { class: 'chip scene', 'data-element': `scene/${i}` }, `${spell(one.kind)}: ${one.value}`))),
    pictures,
    row.scene_graph && h('section', { class: 'drawn' },
      h('div', { class: 'legend', 'aria-hidden': 'true' }, ['object', 'attribute', 'relation', 'scene'].map(name => h('span', { class: `key ${name}` }, name))),
      h('div', { class: 'canvas' }, drawGraph(row.scene_graph)),
      facts && h('p', { class: 'facts pale' }, facts.join(' · '), structure.topology ? [' · ', h('code', { title: 'topology: equal if and only if isomorphic' }, structure.topology)] : null)),
    row.pair && row.scene_graph && showPair(row),
    row.questions?.length ? showQuestions(row.questions, replies) : null,
    showWordings('Other wordings', row.wordings, one => h('li', {}, h('b', {}, one.template), ' ', underline(one.caption, one.mentions))),
    showWordings('Paraphrases', row.paraphrases, one => h('li', {}, h('b', {}, one.model), ' ', one.text)),
    code && h('pre', { class: 'code', title: 'this row in Python' }, code))
}

const showValue = value => (typeof value === 'object' ? Object.entries(value).map(([key, one]) => `${spell(key)} ${showValue(one)}`).join(', ') : typeof value === 'number' && !Number.isInteger(value) ? value.toFixed(2) : String(value))

/** Lights up what a question rests on, or what rests on an element, while it is pointed at. */
export function lightUp(root) {
  const find = target => target.closest?.('[data-elements], [data-element]')
  const light = event => {
    const named = find(event.target)
    const names = new Set((named?.dataset.elements ?? named?.dataset.element ?? '').split(' ').filter(Boolean))
    for (const one of root.querySelectorAll('[data-element]')) one.classList.toggle('lit', names.has(one.dataset.element))
    const asked = named?.dataset.element
    for (const one of root.querySelectorAll('[data-elements]')) one.classList.toggle('lit', asked !== undefined && one.dataset.elements.split(' ').includes(asked))
  }
  for (const name of ['pointerover', 'focusin']) root.addEventListener(name, light)
  root.addEventListener('click', event => {
    const link = event.target.closest?.('[data-question]')
    if (!link) return
    event.preventDefault() // the address is the state of the page
    const question = document.getElementById(`question-${link.dataset.question}`)
    question?.scrollIntoView({ block: 'center' })
    question?.focus({ preventScroll: true })
  })
}
