"""Prompts: captions in the recipe's words, rewritten by a server or a model, kept and not asked for again."""

import json

import pytest
import tiny
from chat_server import ChatServer
from generate_any_scene.errors import GasError, GasWarning, RecipeError
from generate_any_scene.training.evaluation.making import list_requests
from generate_any_scene.training.evaluation.prompts import (
    CACHE,
    PromptRewrite,
    rewrite_prompts,
    write_prompts,
)
from generate_any_scene.training.recipes.loading import load_evaluation

CAPTIONS = ["a red cube", "two dogs", "a red cube"]


def shout(body):
    """Says the prompt in capitals."""
    text = body["messages"][-1]["content"][-1]["text"].rpartition("\n")[2]
    return {"choices": [{"message": {"role": "assistant", "content": text.upper()}}]}


def load(**parts):
    given = {"name": "mine", "kind": "evaluation", "data": {"recipe": "sandbox"}, "pictures": {"backend": "sandbox"}}
    return load_evaluation(None, (), {**given, **parts}).recipe


def test_captions_stand_in_the_recipes_words(tmp_path):
    prompts = write_prompts(load(prompt="a photo of {caption}, {sharp}"), CAPTIONS, tmp_path)
    assert prompts.sent == [f"a photo of {caption}, {{sharp}}" for caption in CAPTIONS]
    assert prompts.record == {"prompt": "a photo of {caption}, {sharp}"}
    assert not list(tmp_path.iterdir())


def test_a_server_rewrites_each_prompt_once_and_what_is_kept_is_not_asked_for_again(tmp_path):
    with ChatServer(shout).run() as server:
        rewrite = {"by": server.url, "template": "Shout:\n{prompt}", "system": "You shout."}
        recipe = load(prompt_rewrite=rewrite)
        first = write_prompts(recipe, CAPTIONS, tmp_path)
        assert first.sent == ["A RED CUBE", "TWO DOGS", "A RED CUBE"]
        assert [body["messages"][0]["content"] for body in server.bodies] == ["You shout."] * 2
        assert all(body["temperature"] == 0 and body["max_tokens"] == 512 for body in server.bodies)
        assert server.images == [[], []]
        (name,) = first.record["rewritten_by"]
        assert name.startswith("tiny@vllm-0.33.0[") and not first.record["not_rewritten"]
        assert write_prompts(recipe, [*CAPTIONS, "a cat"], tmp_path).sent == [*first.sent, "A CAT"]
        assert len(server.bodies) == 3
        # Another template is another rewriter, with an id of its own.
        other = write_prompts(load(prompt_rewrite={**rewrite, "template": "Louder:\n{prompt}"}), CAPTIONS, tmp_path)
        assert len(server.bodies) == 5 and other.record["rewritten_by"] != first.record["rewritten_by"]
    lines = [json.loads(line) for line in (tmp_path / CACHE).read_text(encoding="utf-8").split("\n") if line]
    assert [line["by"] for line in lines if line["prompt"] == "a cat" and line["rewritten"] == "A CAT"] == [name]
    # The server has gone, and is not needed.
    assert write_prompts(recipe, CAPTIONS, tmp_path) == first


def test_a_prompt_that_is_not_rewritten_has_no_picture_and_is_asked_for_again(tmp_path, make_scenes):
    with ChatServer(shout).run() as server:
        recipe = load(prompt_rewrite={"by": server.url, "template": "{prompt}", "retries": 0, "concurrency": 1})
        server.moods = ["", (400, {})]
        with pytest.warns(GasWarning, match="count as not answered"):
            prompts = write_prompts(recipe, ["a cube", "a dog", "a cat"], tmp_path)
        assert prompts.sent == ["A CUBE", None, "A CAT"] and prompts.record["not_rewritten"] == 1
        requests = list_requests(make_scenes(3), recipe, [2, 2, 2], prompts.sent)
        assert [request.prompt for request in requests] == ["A CUBE", "A CUBE", "A CAT", "A CAT"]
        assert write_prompts(recipe, ["a cube", "a dog", "a cat"], tmp_path).sent == ["A CUBE", "A DOG", "A CAT"]
        assert len(server.bodies) == 4


def test_what_was_stopped_while_it_wrote_goes_on(tmp_path):
    cache = tmp_path / "deep" / CACHE
    with ChatServer(shout).run() as server:
        settings = PromptRewrite(by=server.url, template="{prompt}", concurrency=1)
        rewrite_prompts(settings, ["a", "b"], cache)
        whole = cache.read_text(encoding="utf-8")
        cache.write_text(whole[:-4], encoding="utf-8")
        rewrite_prompts(settings, ["a", "b"], cache)
        assert server.texts == ["a", "b", "b"]
        assert cache.read_text(encoding="utf-8").splitlines()[-1] == whole.splitlines()[-1]
        # Lines of something else, and of earlier versions, are no prompts that were kept.
        with cache.open("a", encoding="utf-8") as file:
            file.write('\n1\n[]\n{"prompt": "a"}\n' + "[" * 100_000)
        rewrite_prompts(settings, ["a", "b"], cache)
        assert server.texts == ["a", "b", "b"]
        # Some signs end a line for people, but not in the file.
        recipe = load(prompt_rewrite=settings.model_dump())
        assert write_prompts(recipe, ["c\u2028d"], cache.parent).sent == ["C\u2028D"]


def test_a_model_of_transformers_writes_the_likeliest_words(tmp_path):
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    tokenizer = tiny.make_tokenizer([])
    tokenizer.chat_template = "{% for message in messages %}{{ message['content'] }}{% endfor %}>"
    ends = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("eos", "pad")}
    config = Qwen2Config(**tiny.TEXT, **ends, num_key_value_heads=2, vocab_size=len(tokenizer), bos_token_id=None)
    torch.manual_seed(0)
    tiny.save_vision_language(Qwen2ForCausalLM(config), tokenizer, tmp_path / "model")
    settings = PromptRewrite(by=str(tmp_path / "model"), template="{prompt}", max_new_tokens=6)
    prompts = write_prompts(
        load(prompt_rewrite=settings.model_dump()), ["a red cube", "two dogs", "a red cube"], tmp_path
    )
    found = prompts.sent
    assert found[0] == found[2] and all(found)
    ids = tokenizer("a red cube>", return_tensors="pt")["input_ids"]
    network = Qwen2ForCausalLM.from_pretrained(tmp_path / "model").eval()
    for _ in range(6):
        with torch.no_grad():
            ids = torch.cat([ids, network(ids).logits[:, -1:].argmax(-1)], dim=1)
    assert found[0] == tokenizer.decode(ids[0, len("a red cube>") :], skip_special_tokens=True).strip()
    assert prompts.record["rewritten_by"][0].endswith(f"[{settings.digest}]")


def test_what_cannot_rewrite_is_told_in_one_line(tmp_path):
    with pytest.raises(RecipeError, match=r"prompt_rewrite.template: has no \{prompt\}"):
        load(prompt_rewrite={"by": "some/model", "template": "Rewrite."})
    with pytest.raises(GasError, match="rewriting prompts cannot load owner/nothing"):
        rewrite_prompts(PromptRewrite(by="owner/nothing"), ["a cube"], tmp_path / CACHE)
