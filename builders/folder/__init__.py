"""A built folder: what is where, whole at every moment. It is a Hub dataset repository as it stands.

    README.md                               the card
    card-assets/<config>-graph-1.svg        its pictures
    manifest.json                           its format, fingerprints, versions, SHA-256 and rows of each file
    recipes/<config>.yaml                   the recipe with everything that it extends
    dropped/<config>.jsonl                  rows that were left out later
    <config>/<split>-00000-of-00002.parquet

On a disk, files are written into a folder beside their place, the work folder, and moved there when all are complete.
A store (`s3://...`, `hf://buckets/...`) cannot move files, but shows none before it is complete: there they are
written to their place, and the work folder has only their records. A config is taken out of the manifest before its
files change and put back after, so what the manifest names is whole at every moment. What is finished stays when a
build is stopped, so that the same build goes on where it was.

A folder may be a stranger's. `manifest_values.py` refuses names and paths that lead elsewhere, `resolve_inside`
(`files.py`) links that do, `open_regular` what is no regular file, `open_rows` and `read_file_rows` (`reading.py`)
rows that no build writes; a build removes no file that no build wrote.

Others take `Manifest`, `Config`, `Split`, `File` (`manifest.py`), `Source`, `find_split`, `read_batches`,
`read_file_rows`, `open_rows` (`reading.py`), `AnyPath`, `hash_file`, `write_text` and `open_part` (`files.py`).
"""
