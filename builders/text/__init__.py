r"""Text by partial evaluation: a template becomes a program once a structure, and programs run for all rows at once.

Others take `build_lexicon` (`lexicon.py`), `BlockWords` (`surface_forms.py`), `CaptionWriter` (`captions.py`) and
`load_template` (`templates.py`). What a template may say is in `templates/WORDS.md`.

**How a caption becomes bytes.** Take a template, and three scenes of one structure, two objects and nothing else:

>>> import numpy as np
>>> from generate_any_scene.builders.content.scenes import Scenes
>>> from generate_any_scene.builders.foundation.ragged import Ragged
>>> from generate_any_scene.builders.text.surface_forms import BlockWords
>>> from generate_any_scene.builders.text.marks import Slot
>>> from generate_any_scene.builders.text.templates import create_environment, render_block
>>> from generate_any_scene.builders.text.tracing import Tracer
>>> from generate_any_scene.builders.text.views import Shape, view_scene
>>> from generate_any_scene.taxonomy import find_object, load_taxonomy
>>> template = create_environment(None).from_string('''
...     {% for object in scene.objects %}
...         {{ object.article | capitalized }} {{ object.name }}.
...     {% endfor %}
... ''')
>>> scenes = [["dog", "sand"], ["owl", "dog"], ["dog", "dog"]]

1. `templates.py` renders it once, with placeholders for words (`views.py`). What is printed has marks, and is split at
them into pieces: literal text, or a slot (column, role, number). The filter asked for the column with capitals.

>>> view = view_scene(Slot, Shape((0, 0), (), ()), counts=(0, 0, 0, 0), modality="image")
>>> pieces = render_block(template, "", {"scene": view})
>>> for piece in pieces:
...     print(repr(piece.text) if piece.text else piece.slot, piece.element or "-")
('object.article^', 'object', 0) -
' ' -
('object.name', 'object', 0) object/0
'. ' -
('object.article^', 'object', 1) -
' ' -
('object.name', 'object', 1) object/1
'.' -

2. `assembly.py` makes a program of them: an entry a slot, with literal text as the frame of the slot after it. This
program is kept for all scenes of the structure, on disk, too (`tracing.py`, `trace_cache.py`).

>>> taxonomy = load_taxonomy()
>>> words = BlockWords(
...     Scenes(
...         start=0,
...         structures=np.zeros(3, dtype=np.int64),
...         objects=Ragged.from_lists([[find_object(taxonomy, name) for name in scene] for scene in scenes]),
...         attributes=Ragged.from_lists([[]] * 6),  # one list an object
...         **{name: Ragged.from_lists([[]] * 3) for name in ("relations", "subjects", "targets", "scene_attributes")},
...         copies=np.ones(6, dtype=np.int64),
...     ),
...     taxonomy,
... )
>>> tracer = Tracer(words.lexicon)
>>> table = tracer.program_table
>>> program = table.add(pieces)
>>> entries, offsets = table.table()
>>> for column, role, number, mention, frame in entries.T:
...     print(list(table.columns)[column], list(table.roles)[role], number, mention, list(table.frames)[frame])
object.article^ object 0 -1 ('', '')
object.name object 0 0 (' ', '')
object.article^ object 1 -1 ('. ', '')
object.name object 1 1 (' ', '.')
>>> list(table.mentions)
['object/0', 'object/1']

3. `surface_forms.py` has the words of all scenes of a block in columns, as tokens, which are numbers of words in the
lexicon. Here an object is an entry, and the objects of the three scenes begin at 0, 2 and 4.

>>> for name in ("object.article^", "object.name"):
...     print(name, words.lexicon.words.take(words.find_column(name)).to_pylist())
object.article^ ['A', 'Some', 'An', 'A', 'A', 'Another']
object.name ['dog', 'sand', 'owl', 'dog', 'dog', 'dog']

4. The program runs for all three at once. Entry (column, role, number) of a text is the token at `start + number` of
the column; with its frame it is a word of the pool, which the pool makes when it first needs it.

>>> texts = tracer.assemble_texts(np.full(3, program), words, {"object": np.array([0, 2, 4])})
>>> texts.offsets.tolist()
[0, 4, 8, 12]
>>> table.pool.take(texts.tokens).to_pylist()
['A', ' dog', '. Some', ' sand.', 'An', ' owl', '. A', ' dog.', 'A', ' dog', '. Another', ' dog.']

5. That `take` has laid down all bytes in order. An Arrow array of texts needs nothing but where each of them begins:
offsets of words, taken at the texts' offsets. Mentions are sums of the same lengths.

>>> captions = texts.write(table.pool)
>>> captions.to_pylist()
['A dog. Some sand.', 'An owl. A dog.', 'A dog. Another dog.']
>>> captions.buffers()[2].to_pybytes()
b'A dog. Some sand.An owl. A dog.A dog. Another dog.'
>>> np.frombuffer(captions.buffers()[1], dtype=np.int32).tolist()
[0, 17, 31, 50]
>>> elements, starts, ends = texts.find_mentions(table)
>>> for element, start, end in zip(table.pool.take(elements[1]).to_pylist(), starts[2:4], ends[2:4]):
...     print(element, start, end, captions[1].as_py()[start:end])
object/0 3 6 owl
object/1 10 13 dog
"""
