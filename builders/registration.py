"""Makes `load_dataset("gas", ...)` find the builder in `gas.py`.

`datasets` has a table of the builders that come with it and looks there first, but for each of them it also searches
the working directory for data files: in an empty folder that is an error, and in another one the files would become
part of the cache key. Our builder reads no files, so the factory that does the search is told to leave it out.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

NAME = "gas"


def register(load: ModuleType) -> None:
    """Adds the builder to `datasets.load`, which has just been imported."""
    from datasets import packaged_modules
    from datasets.data_files import DataFilesDict

    packaged_modules._PACKAGED_DATASETS_MODULES[NAME] = (f"{__package__}.{NAME}", NAME)
    factory: Any = load.PackagedDatasetModuleFactory

    class PackagedDatasetModuleFactory(factory):
        def get_module(self) -> Any:
            if self.name != NAME:
                return super().get_module()
            if self.data_files is not None or self.data_dir is not None:
                raise ValueError(
                    'the registered "gas" makes its rows from a recipe; '
                    'to read a built folder give its path, such as "./gas"'
                )
            # Not None, which would ask the user for files.
            no_files = {"data_files": DataFilesDict(), "dataset_name": NAME}
            return load.DatasetModule(f"{__package__}.{NAME}", NAME, no_files)

    load.PackagedDatasetModuleFactory = PackagedDatasetModuleFactory  # type: ignore[attr-defined]
