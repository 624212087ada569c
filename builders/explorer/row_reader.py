"""Single rows of a split, for the page of this machine: Arrow unpacks a row group in a tenth of the browser's time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

import numpy as np
import pyarrow as pa

from ...errors import GasError
from ..folder.reading import MEND, Source, open_rows

KEPT = 4
"""Row groups that are kept unpacked: who looks at a row looks at the next one, too."""


class RowReader:
    """Reads rows of a split by their numbers; safe in threads.

    Args:
        source: The split.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        files = source.entry.splits[source.split].files
        self.ends = np.cumsum([file.rows for file in files])
        self.groups: OrderedDict[tuple[int, int], pa.Table] = OrderedDict()
        self.lock = threading.Lock()

    def read(self, number: int) -> dict[str, Any]:
        """A row with all of its columns.

        Raises:
            GasError: There is no such row, or its file is missing or damaged.
        """
        if not 0 <= number < self.source.rows:
            raise GasError(f"{self.source.name} has rows 0 to {self.source.rows - 1:,}, no {number:,}")
        place = int(np.searchsorted(self.ends, number, side="right"))
        inside = number - (int(self.ends[place - 1]) if place else 0)
        file = self.source.entry.splits[self.source.split].files[place]
        with self.lock, open_rows(self.source.folder, file, None) as parquet:
            sizes = [parquet.metadata.row_group(group).num_rows for group in range(parquet.metadata.num_row_groups)]
            ends = np.cumsum(sizes)
            group = int(np.searchsorted(ends, inside, side="right"))
            if (place, group) not in self.groups:
                self.groups[place, group] = parquet.read_row_group(group)
                if len(self.groups) > KEPT:
                    self.groups.popitem(last=False)
            table = self.groups[place, group]
        try:
            return dict(table.slice(inside - int(ends[group]) + sizes[group], 1).to_pylist()[0])
        except ValueError as error:  # a text that is not UTF-8
            raise GasError(f"{self.source.folder / file.path} is damaged: row {inside:,}: {error}; {MEND}") from error
