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
    Rewriter,
    open_rewriter,
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
        assert first.record["rewritten_by"].startswith("tiny@vllm-0.33.0[") and not first.record["not_rewritten"]
        assert write_prompts(recipe, [*CAPTIONS, "a cat"], tmp_path).sent == [*first.sent, "A CAT"]
        assert len(server.bodies) == 3
        # Another template is another rewriter, with an id of its own.
        other = write_prompts(load(prompt_rewrite={**rewrite, "template": "Louder:\n{prompt}"}), CAPTIONS, tmp_path)
        assert len(server.bodies) == 5 and other.record["rewritten_by"] != first.record["rewritten_by"]
    lines = [json.loads(line) for line in (tmp_path / CACHE).read_text(encoding="utf-8").split("\n") if line]
    assert {"by": first.record["rewritten_by"], "prompt": "a cat", "rewritten": "A CAT"} in lines


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
    asked = []

    def rewrite(prompts):
        asked.extend(prompts)
        return [prompt.upper() for prompt in prompts]

    cache = tmp_path / "deep" / CACHE
    rewriter = Rewriter("mine", rewrite)
    assert rewrite_prompts(rewriter, ["a", "b"], cache) == ["A", "B"]
    text = cache.read_text(encoding="utf-8")
    cache.write_text(text[:-4], encoding="utf-8")
    assert rewrite_prompts(rewriter, ["a", "b"], cache) == ["A", "B"]
    assert asked == ["a", "b", "b"]
    assert rewrite_prompts(Rewriter("other", lambda prompts: ["" for _ in prompts]), ["a"], cache) == [None]


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
    rewriter = open_rewriter(settings)
    found = rewriter.rewrite(["a red cube", "two dogs", "a red cube"])
    assert found[0] == found[2] and all(found) and max(map(len, found)) <= 6 * 3
    ids = tokenizer("a red cube>", return_tensors="pt")["input_ids"]
    network = Qwen2ForCausalLM.from_pretrained(tmp_path / "model").eval()
    for _ in range(6):
        with torch.no_grad():
            ids = torch.cat([ids, network(ids).logits[:, -1:].argmax(-1)], dim=1)
    assert found[0] == tokenizer.decode(ids[0, len("a red cube>") :], skip_special_tokens=True).strip()
    assert rewriter.id != open_rewriter(settings.model_copy(update={"max_new_tokens": 7})).id


def test_what_cannot_rewrite_is_told_in_one_line(tmp_path):
    with pytest.raises(RecipeError, match=r"prompt_rewrite.template: has no \{prompt\}"):
        load(prompt_rewrite={"by": "some/model", "template": "Rewrite."})
    with pytest.raises(GasError, match="rewriting prompts cannot load owner/nothing"):
        open_rewriter(PromptRewrite(by="owner/nothing"))
