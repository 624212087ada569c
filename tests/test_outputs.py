"""What commands write to: full and closed outputs, ASCII terminals, and no control characters in any of it."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import generate_any_scene
import pytest
from generate_any_scene import console
from generate_any_scene.errors import GasWarning, RecipeError, escape, explain_os_error

ROOT = Path(generate_any_scene.__file__).parent
CONTROLS = "".join(
    map(chr, [*range(9), *range(11, 32), *range(127, 160), 0x200E, 0x202E, 0x2066, 0x2069, 0xFEFF, 0xFFFE])
)
COMMANDS = (
    "list",
    "schema",
    "show sandbox",
    "structures --complexity 4",
    "preview sandbox -n 1",
    "--help",
    "--version",
)


def run(command, folder, redirect="", **variables):
    line = f"{sys.executable} -m generate_any_scene {command} {redirect}"
    environment = {**os.environ, **variables}
    return subprocess.run(
        ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_outputs_that_take_nothing(command, tmp_path):
    full = run(command, tmp_path, "> /dev/full")
    assert (full.returncode, full.stderr) == (1, "gas: the output cannot be written: No space left on device\n")
    closed = run(command, tmp_path, ">&-")
    assert (closed.returncode, closed.stderr) == (0, "")


def test_full_outputs_change_no_exit_status(tmp_path):
    for redirect in ("2> /dev/full", "2>&-", ">&- 2>&-"):
        assert run("show nothing", tmp_path, redirect).returncode == 2
    full = run("--version", tmp_path, "> /dev/full")
    assert (full.returncode, full.stderr) == (1, "gas: the output cannot be written: No space left on device\n")


def test_an_ascii_terminal_shows_ascii(tmp_path):
    command = "preview multi_object -n 2 --set structure.relations=1"
    shown = run(command, tmp_path, PYTHONIOENCODING="ascii")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.isascii() and "->" in shown.stdout and "\\u" not in shown.stdout


def test_a_cache_that_cannot_be_is_one_line(tmp_path):
    done = run("structures --complexity 3 --count", tmp_path, XDG_CACHE_HOME="/dev/null/cache")
    assert (done.returncode, done.stdout) == (0, "4\n")
    assert done.stderr.startswith("gas: structures are not kept for the next time: ") and done.stderr.count("\n") == 1


def test_nothing_that_a_terminal_would_obey_is_printed(capsys):
    text = f"a{CONTROLS}b"
    console.say(text)
    console.remark(text)
    console.complain(RuntimeError(text))
    console.create_console().print(text, markup=False)
    out, err = capsys.readouterr()
    assert all(letter.isprintable() or letter == "\n" for letter in out + err)
    assert r"\u001b" in out and r"\u202e" in out and r"\u202e" in err


@pytest.mark.parametrize("letters", [CONTROLS, "\x1b[31m", "\u202e"])
def test_control_characters_come_out_of_no_command(letters, gas, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spelled = '"' + "".join(f"\\U{ord(letter):08x}" for letter in letters) + '"'
    for number, key in enumerate(("extends", "name", "license", "captions", spelled)):
        Path(f"{number}.yaml").write_text(f"{key}: {spelled}\n")
    given = letters.replace("\0", "")  # which no shell hands over
    commands = [("validate", file.name) for file in tmp_path.iterdir()]
    commands += [("show", given), ("list", given), ("cache", given), ("show", "sandbox", "--set", f"name={given}")]
    for command in commands:
        status, out, err = gas(*command)
        assert status == 2, command
        assert all(letter.isprintable() or letter == "\n" for letter in out + err), command


def test_messages_are_cut_where_nobody_would_read_them(capsys):
    console.complain("x" * 100_000)
    console.complain("\n".join(f"mistake {number}" for number in range(30_000)))
    first, *others = capsys.readouterr().err.splitlines()
    assert len(first) < 1000
    assert len("\n".join(others)) < 4096
    told = len(others) - 1
    assert others[-1] == f"and {30_000 - told:,} more"


def list_calls(name):
    """Where the package calls a function of its own name, without the parts that rebuild tables."""
    for file in sorted(ROOT.rglob("*.py")):
        if (
            file.relative_to(ROOT).parts[0] in ("tests", "docs", "benchmarks", ".ci")
            or "taxonomy/build" in file.as_posix()
        ):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
                yield file.relative_to(ROOT).as_posix()


def test_one_module_prints():
    """What it prints is escaped. The help of a command is Typer's, whose styles are for the terminal.

    A job on another machine prints numbers into its log.
    """
    assert set(list_calls("print")) <= {"console.py", "cli.py", "builders/build/run_order.py"}
    assert list(list_calls("print")).count("cli.py") == 1


def test_system_errors_tell_the_users_mistakes_from_the_machines():
    assert explain_os_error(OSError(28, "No space left on device"), "a").exit_status == 1
    assert explain_os_error(OSError(36, "File name too long"), "a").exit_status == 2
    assert explain_os_error(FileNotFoundError(2, "No such file", "b")).exit_status == 2
    assert explain_os_error(OSError(5, "Input/output error")).exit_status == 1


def test_escapes_are_those_of_json():
    assert escape("a\x1b\u202e\x7f") == r"a\u001b\u202e\u007f"
    assert issubclass(GasWarning, UserWarning) and RecipeError([]).rest is None


def test_an_empty_argument_is_refused(gas):
    for command in (["build", "sandbox", "--out", ""], ["show", ""], ["stats", "sandbox", "--png", ""]):
        status, out, err = gas(*command)
        assert (status, out, err) == (2, "", "gas: an argument is empty; is a variable of the shell not set?\n")


@pytest.mark.parametrize("letters", [CONTROLS, "\u202e\u2066", "\x80\x85\x9b", "\udcff", "\ufeff\ufffe", "é 中 🐈"])
def test_json_is_printable_and_says_what_it_was_given(letters, capsys):
    value = {f"k{letters}": [letters, {"path": f"a/{letters}.txt"}]}
    for ascii_only in (True, False):
        console.say(json.dumps(value, indent=2, ensure_ascii=ascii_only))
        out = capsys.readouterr().out
        assert all(line.isprintable() for line in out.splitlines())
        assert json.loads(out) == value
