// Rows of Parquet files as objects.

import { decompress } from 'fzstd'
import { parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { openUrl } from './bytes.js'

const FOOTER = 1 << 16
const compressors = { ZSTD: (input, size) => decompress(input, new Uint8Array(size)) }

/** A Parquet file; `source` is what `bytes.js` opens. */
export async function openParquet(source) {
  const metadata = await parquetMetadataAsync(source, { initialFetchSize: FOOTER })
  const columns = [...new Set(metadata.row_groups.flatMap(group => group.columns.map(one => one.meta_data.path_in_schema[0])))]
  return {
    rows: Number(metadata.num_rows),
    columns,
    read: (rowStart, rowEnd, only) => parquetReadObjects({
      file: source, metadata, compressors, rowStart, rowEnd, columns: only?.filter(name => columns.includes(name)), useOffsetIndex: true,
    }),
  }
}

/** All rows of a table on a server. */
export async function readTable({ url, bytes }) {
  const file = await openParquet(openUrl(url, bytes))
  return file.read(0, file.rows)
}

/** The files of a split, one after the other; a file is opened when a row of it is read. */
export function openFiles(descriptions) {
  const files = descriptions.map(one => ({ ...one, opened: null }))
  const open = file => (file.opened ??= openParquet(file.source ?? openUrl(file.url, file.bytes)))
  return {
    async size() {
      for (const file of files) file.rows ??= (await open(file)).rows
      return files.reduce((total, file) => total + file.rows, 0)
    },
    async read(start, end, only) {
      const parts = []
      let first = 0
      for (const file of files) {
        const [from, to] = [Math.max(start - first, 0), Math.min(end - first, file.rows)]
        if (from < to) parts.push((await open(file)).read(from, to, only))
        first += file.rows
      }
      return (await Promise.all(parts)).flat()
    },
  }
}
