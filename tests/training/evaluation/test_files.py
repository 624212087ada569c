"""Which picture belongs to which scene, by folders of the shapes that tools leave."""

import json
import os

import pytest
from generate_any_scene.errors import GasError
from generate_any_scene.training.evaluation.files import find_pictures, list_files
from generate_any_scene.training.evaluation.opening import open_file
from generate_any_scene.training.pictures import choose_frames
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

SCENES = [f"multi_object/test/{number:09}" for number in range(4)]


def color(number):
    return (number * 37 % 256, number * 91 % 256, number * 13 % 256)


def put(root, name, number=0, **options):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (8, 8), color(number)).save(path, **options)


def read(found, name):
    return open_file(found.root / name).getpixel((0, 0))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".JPEG", ".webp"])
@pytest.mark.parametrize("cut", [0, 1, 2])
def test_ids_and_their_last_parts_name_pictures(tmp_path, suffix, cut):
    for number, scene in enumerate(SCENES[:3]):
        put(tmp_path, "/".join(scene.split("/")[cut:]) + suffix, number)
    (tmp_path / "notes.txt").write_text("by me")
    put(tmp_path, "000000077.png")
    put(tmp_path, ".hidden.png")
    found = find_pictures(tmp_path, SCENES)
    assert list(found.pictures) == SCENES[:3] and found.without == [SCENES[3]]
    assert found.unknown == ["000000077.png", "notes.txt"] and not found.unreadable
    assert found.record | {"left_out": 0} == {
        "scenes": 3, "pictures": 3, "without": 1, "unknown": 2, "unreadable": 0, "not_made": 0, "left_out": 0,
    }  # fmt: skip


def test_last_parts_that_two_scenes_share_name_none(tmp_path):
    scenes = ["a/test/1", "b/test/1", "b/test/2"]
    for name in ("1.png", "2.png", "a/test/1.png"):
        put(tmp_path, name)
    found = find_pictures(tmp_path, scenes)
    assert found.pictures == {"a/test/1": ["a/test/1.png"], "b/test/2": ["2.png"]}
    assert found.unknown == ["1.png"]


def test_several_pictures_are_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 2, 0):
        put(tmp_path, f"{SCENES[0]}/{number}.png", number)
    put(tmp_path, f"{SCENES[1]}/seed_3.jpg")
    found = find_pictures(tmp_path, SCENES)
    assert [name.rpartition("/")[2] for name in found.pictures[SCENES[0]]] == ["0.png", "2.png", "10.png"]
    assert found.pictures[SCENES[1]] == [f"{SCENES[1]}/seed_3.jpg"]


def test_a_picture_in_two_files_is_refused(tmp_path):
    for suffix in (".png", ".jpg"):
        put(tmp_path, SCENES[0] + suffix)
    with pytest.raises(GasError, match=r"\.jpg and .*\.png are the same picture of one scene"):
        find_pictures(tmp_path, SCENES)


def test_frames_are_one_picture(tmp_path):
    for number in range(20):
        put(tmp_path, f"{SCENES[0]}/frame_{number}.png", number)
    for number in range(3):
        put(tmp_path, f"{SCENES[1]}/1/{number:03}.png", number)
    found = find_pictures(tmp_path, SCENES, "frames")
    assert found.pictures == {SCENES[0]: [SCENES[0]], SCENES[1]: [f"{SCENES[1]}/1"]}
    frames = open_file(tmp_path / SCENES[0])
    assert [frame.getpixel((0, 0)) for frame in frames] == [color(number) for number in choose_frames(20, 16)]
    assert len(open_file(tmp_path / SCENES[1] / "1")) == 3
    assert len(find_pictures(tmp_path, SCENES).pictures[SCENES[0]]) == 20


def test_frames_are_taken_from_the_middle_of_equal_parts():
    assert choose_frames(16, 4) == [2, 6, 10, 14]
    assert choose_frames(3, 16) == [0, 1, 2]


def test_a_picture_that_moves_is_frames(tmp_path):
    frames = [Image.new("RGB", (8, 8), color(number)) for number in range(5)]
    for name in ("a.webp", "b.gif", "c.png"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], duration=50, **LOSSLESS.get(name, {}))
        shown = open_file(tmp_path / name)
        assert [frame.getpixel((0, 0)) for frame in shown] == [color(number) for number in range(5)]


LOSSLESS = {"a.webp": {"lossless": True}}


def test_layout_of_geneval(tmp_path):
    captions = [f"a photo of {number} cups" for number in range(4)]
    for place in range(3):
        for number in range(4):
            put(tmp_path, f"{place:05}/samples/{number:04}.png", 10 * place + number)
        put(tmp_path, f"{place:05}/grid.png")
    found = find_pictures(tmp_path, SCENES, captions=captions)
    assert list(found.pictures) == SCENES[:3]
    assert [read(found, name) for name in found.pictures[SCENES[2]]] == [color(20 + number) for number in range(4)]
    assert found.unknown == [f"{place:05}/grid.png" for place in range(3)]


def test_prompts_of_geneval_tell_more_than_places(tmp_path):
    captions = [f"a photo of {number} cups" for number in range(4)]
    for place, prompt in enumerate([captions[2], captions[0], "rewritten"]):
        put(tmp_path, f"{place:05}/samples/0000.png")
        (tmp_path / f"{place:05}/metadata.jsonl").write_text(json.dumps({"tag": "count", "prompt": prompt}))
    found = find_pictures(tmp_path, SCENES, captions=captions)
    assert found.pictures[SCENES[0]] == ["00001/samples/0000.png"] and not found.unknown
    assert "00000/samples/0000.png" in found.pictures[SCENES[2]]
    with pytest.raises(GasError, match="none is a caption"):
        find_pictures(tmp_path, SCENES, captions=["a", "b", "c", "d"])


def test_places_of_flow_grpo(tmp_path):
    for place in range(6):
        put(tmp_path, f"{place}.jpg", place)
    found = find_pictures(tmp_path, SCENES)
    assert found.pictures == {scene: [f"{place}.jpg"] for place, scene in enumerate(SCENES)}
    assert found.unknown == ["4.jpg", "5.jpg"]


def test_names_of_other_scenes_are_no_places(tmp_path):
    for number in range(3):
        put(tmp_path, f"{number:09}.png")
    with pytest.raises(GasError, match="belong to none of the 2 scenes; call one multi_object/test/000000050.png"):
        find_pictures(tmp_path, ["multi_object/test/000000050", "multi_object/test/000000051"])


def test_items_of_dpg(tmp_path):
    scenes = ["COCOval2014000000000328", "partiprompts0", "whoops101", "v1.5"]
    for scene in scenes:
        put(tmp_path, f"{scene}.png")
    assert find_pictures(tmp_path, scenes).pictures == {scene: [f"{scene}.png"] for scene in scenes}


def test_metadata_says_what_belongs_where(tmp_path):
    put(tmp_path, "images/x.png", 1)
    put(tmp_path, "images/y.jpg", 2)
    put(tmp_path, "video/000.png", 3)
    put(tmp_path, "video/001.png", 4)
    lines = [("images/y.jpg", 0), ("./images/x.png", 0), ("video", 1), ("../out.png", 2), ("images/x.png", 9)]
    text = [json.dumps({"file_name": name, "id": SCENES[scene] if scene < 4 else "other"}) for name, scene in lines]
    (tmp_path / "metadata.jsonl").write_text("\n".join(text) + "\n\n")
    found = find_pictures(tmp_path, SCENES)
    assert found.pictures == {SCENES[0]: ["images/y.jpg", "images/x.png"], SCENES[1]: ["video"]}
    assert list(found.unreadable) == ["../out.png"] and found.without == SCENES[2:]
    (tmp_path / "metadata.jsonl").write_text("\n".join([*text, '{"file_name": 1']))
    with pytest.raises(GasError, match=r"metadata.jsonl:6: no JSON"):
        find_pictures(tmp_path, SCENES)


def test_what_cannot_be_read_is_left_out(tmp_path):
    put(tmp_path, f"{SCENES[0]}/0.png")
    (tmp_path / f"{SCENES[0]}/1.png").write_bytes(b"no picture")
    whole = (tmp_path / f"{SCENES[0]}/0.png").read_bytes()
    (tmp_path / f"{SCENES[1]}.png").write_bytes(whole[: len(whole) // 2])
    os.mkfifo(tmp_path / f"{SCENES[2]}.png")
    (tmp_path / f"{SCENES[3]}.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n")
    found = find_pictures(tmp_path, SCENES)
    assert found.pictures == {SCENES[0]: [f"{SCENES[0]}/0.png"]} and found.without == SCENES[1:]
    reasons = {name.removeprefix("multi_object/test/"): reason for name, reason in found.unreadable.items()}
    assert reasons["000000000/1.png"] == reasons["000000003.png"] == "it is no picture, or a damaged one"
    assert reasons["000000002.png"] == "it is not a regular file"
    assert len(reasons) == 4 and "0x" not in "".join(reasons.values())


def test_a_damaged_frame_is_named(tmp_path):
    for number in range(3):
        put(tmp_path, f"{SCENES[0]}/{number}.png")
    (tmp_path / f"{SCENES[0]}/1.png").write_bytes(b"")
    put(tmp_path, f"{SCENES[1]}/0.png")
    found = find_pictures(tmp_path, SCENES, "frames")
    assert found.unreadable == {SCENES[0]: "frame 2 of 3: it is no picture, or a damaged one"}


def test_a_folder_without_pictures_is_refused(tmp_path):
    with pytest.raises(GasError, match="no folder"):
        find_pictures(tmp_path / "none", SCENES)
    with pytest.raises(GasError, match="none of its 0 files is a picture"):
        find_pictures(tmp_path, SCENES)
    put(tmp_path, "cup\x1b[31m.png")
    with pytest.raises(GasError) as caught:
        find_pictures(tmp_path, SCENES)
    assert "\x1b" not in str(caught.value)


def test_links_are_not_followed_in_circles(tmp_path):
    put(tmp_path, "a/0.png")
    (tmp_path / "a/again").symlink_to(tmp_path, target_is_directory=True)
    assert list_files(tmp_path) == ["a/0.png", "a/again"]


def test_videos_need_a_package_that_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    (tmp_path / "000000000.mp4").write_bytes(b"\0")
    with pytest.raises(GasError, match="pip install av") as caught:
        find_pictures(tmp_path, SCENES)
    assert caught.value.exit_status == 1


def test_a_video_is_frames(tmp_path):
    av = pytest.importorskip("av")
    with av.open(str(tmp_path / "000000000.mp4"), "w") as container:
        stream = container.add_stream("mpeg4", rate=8)
        stream.width = stream.height = 64
        for number in range(32):
            shade = Image.new("RGB", (64, 64), (8 * number,) * 3)
            container.mux(stream.encode(av.VideoFrame.from_image(shade)))
        container.mux(stream.encode())
    (tmp_path / "000000001.mp4").write_bytes((tmp_path / "000000000.mp4").read_bytes()[:300])
    (tmp_path / "000000002.mp4").write_bytes(b"nothing")
    found = find_pictures(tmp_path, SCENES)
    shades = [frame.getpixel((32, 32))[0] for frame in open_file(tmp_path / "000000000.mp4")]
    assert shades == pytest.approx([8 * place for place in choose_frames(32, 16)], abs=8)
    assert list(found.pictures) == SCENES[:1] and list(found.unreadable) == ["000000001.mp4", "000000002.mp4"]


PART = st.text(st.characters(blacklist_characters="/.\0", blacklist_categories=("Cs", "Cc")), min_size=1, max_size=8)


@given(
    st.lists(st.lists(PART, min_size=1, max_size=3).map("/".join), min_size=1, max_size=5, unique=True),
    st.sampled_from([".png", ".jpg", ".webp"]),
    st.integers(1, 3),
)
def test_what_is_named_by_ids_is_found_again(tmp_path_factory, scenes, suffix, count):
    scenes = [scene for scene in scenes if not any(other.startswith(f"{scene}/") for other in scenes)]
    root, expected = tmp_path_factory.mktemp("pictures"), {}
    for place, scene in enumerate(scenes):
        expected[scene] = [f"{scene}{suffix}"] if count == 1 else [f"{scene}/{n}{suffix}" for n in range(count)]
        for name in expected[scene]:
            put(root, name, place)
    found = find_pictures(root, scenes)
    assert found.pictures == expected
    assert not (found.without or found.unknown or found.unreadable)


NAME = st.sampled_from(
    ["0", "00000", "000000000", "samples", "a", "multi_object", "test", "frame_1", "é", "x\n", ".b"]
)
END = st.sampled_from(["", ".png", ".PNG", ".jpg", ".gif", ".mp4", ".txt", "/metadata.jsonl", ".png.png"])
CONTENT = st.sampled_from(
    [b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"{}", b'{"prompt": []}', b'{"file_name": 1, "id": {}}']
)


@given(
    st.dictionaries(st.tuples(st.lists(NAME, min_size=1, max_size=4).map("/".join), END).map("".join), CONTENT),
    st.sampled_from(["pictures", "frames"]),
)
def test_any_folder_is_sorted_out_or_refused_in_one_line(tmp_path_factory, files, shows):
    root = tmp_path_factory.mktemp("any")
    for name, content in files.items():
        path = root / name
        if not any(above.is_file() for above in path.parents) and not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    put(root, "good.png")
    scenes = [*SCENES, "a", "good"]
    try:
        found = find_pictures(root, scenes, shows, captions=[f"caption {place}" for place in range(len(scenes))])
    except GasError as error:
        assert "\n" not in str(error) and len(str(error)) < 4000
        return
    assert found.pictures["good"] == ["good.png"] and sorted(found.without) == sorted(set(scenes) - {*found.pictures})
    listed = {*found.unknown, *found.unreadable, *(name for some in found.pictures.values() for name in some)}
    for name in list_files(root):
        is_named = name in listed or any(name.startswith(f"{folder}/") for folder in listed)
        assert is_named or name.endswith(("metadata.jsonl", "prompts.jsonl"))
