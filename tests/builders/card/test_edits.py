"""What people wrote into a card: kept whatever is written next, or named."""

import pytest
from generate_any_scene.builders.card.edits import digest_card, keep_edits, split_card
from generate_any_scene.errors import GasError
from hypothesis import given
from hypothesis import strategies as st

LINES = st.sampled_from(
    ["Hello.", "", "### Small", "```", "## Not a heading in a fence", "~~~", "# x", "- a", "---", "é\udcff"]
)
NAMES = st.sampled_from(["## A", "## B", "## C", "## Ours", "## Ours too"])
SECTIONS = st.dictionaries(NAMES, st.lists(LINES.filter(lambda line: line[:1] not in "`~#"), max_size=3), max_size=5)
KEYS = st.dictionaries(
    st.sampled_from(["license", "tags", "configs", "extra_gated_prompt", "x"]),
    st.sampled_from([" a\n", "\n- a\n- b\n", " |\n  text: no key\n\n  # nor a comment\n", "\n  y: {z: 1}\n"]),
    max_size=5,
)


def write(metadata, sections):
    head = "".join(f"{key}:{value}" for key, value in metadata.items())
    return f"---\n{head}---\n\n# Title\n\n" + "\n\n".join(
        "\n".join([name, *lines]) for name, lines in sections.items()
    )


@given(KEYS, SECTIONS, KEYS, SECTIONS, KEYS, SECTIONS, st.booleans())
def test_each_part_is_kept_or_named(keys, parts, new_keys, new_parts, their_keys, their_parts, overwrite):
    before, new, edited = write(keys, parts), write(new_keys, new_parts), write(their_keys, their_parts)
    known, ours, theirs = split_card(before), split_card(new), split_card(edited)
    facts = {*ours.sections, "license", "configs"}
    try:
        merged = split_card(keep_edits(new, edited, digest_card(before, {}), "README.md", overwrite))
    except GasError as error:
        assert not overwrite
        assert any(f"`{name}`" in str(error) for name in facts)
        return
    for part in ("metadata", "sections"):
        was, wanted, there, kept = (getattr(page, part) for page in (known, ours, theirs, merged))
        edits = {name for name in was.keys() | there.keys() if was.get(name) != there.get(name)}
        lost = {name for name in edits if kept.get(name) != there.get(name)}
        assert not lost or (overwrite and lost <= facts and all(kept.get(name) == wanted.get(name) for name in lost))


@given(KEYS, SECTIONS, KEYS, SECTIONS)
def test_a_card_that_nobody_edited_is_replaced(keys, parts, new_keys, new_parts):
    before, new = write(keys, parts), write(new_keys, new_parts)
    assert keep_edits(new, before, digest_card(before, {}), "README.md") == new


@given(st.lists(LINES))
def test_no_line_of_a_card_is_lost(lines):
    page = split_card("\n".join(lines))
    text = "".join(page.metadata.values()) + "\n".join(page.sections.values())
    assert [line for line in text.splitlines() if line] == [
        line for line in lines if line and line != "---"
    ] or "---" in lines


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_ends_of_lines_are_nobodys_edit(ends):
    before = write({"license": " a\n"}, {"## A": ["text"]})
    new = write({"license": " b\n"}, {"## A": ["other"]})
    assert keep_edits(new, before.replace("\n", ends), digest_card(before, {}), "README.md") == new
