"""Only regular files are opened: others are refused at once, by what they are."""

import os
import socket
from multiprocessing import get_context

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.regular_files import find_obstacle, open_regular, read_regular


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


OBSTACLES = {
    "nothing": (lambda path: None, "is missing"),
    "link to nothing": (lambda path: path.symlink_to("nowhere"), "is missing"),
    "folder": (lambda path: path.mkdir(), "is a folder"),
    "FIFO": (lambda path: os.mkfifo(path), "is not a regular file"),
    "link to a FIFO": (lambda path: (os.mkfifo(f"{path}.x"), path.symlink_to(f"{path}.x")), "is not a regular file"),
    "socket": (make_socket, "is not a regular file"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "is not a regular file"),
    "loop of links": (lambda path: path.symlink_to(path.name), "cannot be read: Too many levels of symbolic links"),
}


@pytest.mark.parametrize("kind", OBSTACLES)
def test_what_is_no_regular_file_is_not_opened(kind, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make, obstacle = OBSTACLES[kind]
    path = tmp_path.relative_to(tmp_path) / "x"  # a path of a socket is short
    make(path)
    assert find_obstacle(path) == obstacle
    with pytest.raises(GasError, match=f"^x {obstacle}; mend it$") as caught:
        open_regular(path, hint="mend it")
    assert caught.value.exit_status == 2


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "file/below", "/".join(["x" * 200] * 40)])
def test_a_path_that_no_file_can_have_is_a_message(name, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(GasError, match="is missing|cannot be read: "):
        read_regular(tmp_path / name, name="it")


def test_a_file_that_would_fill_the_memory_is_a_message(tmp_path):
    with (tmp_path / "x").open("wb") as file:
        file.truncate(1 << 40)  # of which no disk holds a byte
    with pytest.raises(GasError, match="^x is larger than 67,108,864 bytes; mend it$"):
        read_regular(tmp_path / "x", "x", "mend it")


@pytest.mark.parametrize("closed", ["folder/file", "folder"])
def test_a_file_that_may_not_be_read_is_a_message(closed, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder/file").write_text("mine")
    assert read_regular(tmp_path / "folder/file") == b"mine"
    (tmp_path / closed).chmod(0)

    def look(send):
        if os.getuid() == 0:  # who may read everything
            os.setuid(65534)
        try:
            read_regular(tmp_path / "folder/file", "it")
        except GasError as error:
            send((str(error), error.exit_status))

    for folder in (tmp_path, *tmp_path.parents[:-2]):
        folder.chmod(folder.stat().st_mode | 0o055)
    receiver, sender = (context := get_context("fork")).Pipe(duplex=False)
    process = context.Process(target=look, args=(sender.send,))
    process.start()
    sender.close()
    assert receiver.recv() == ("it cannot be read: Permission denied", 2)
    process.join()
    (tmp_path / closed).chmod(0o755)
