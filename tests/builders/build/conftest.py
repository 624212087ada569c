"""What tests of builds share."""

import pytest
from generate_any_scene.builders.build import shards


@pytest.fixture(scope="module")
def small_files():
    """Files of one block each, so that few rows make several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD_BLOCKS", 1)
        yield
