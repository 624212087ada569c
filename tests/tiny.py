"""Tiny models with random weights, made from configs and saved as the Hub has them, so that tests download nothing."""

CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}IMAGE{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""A chat template, with `IMAGE` for the tokens of an image."""

TEXT = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
VISION = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}


def make_tokenizer(specials, words=(" Yes", " No", " yes", "Yes", "No", "yes", "no")):
    """A byte-level tokenizer, in which some words are one token and all others as many as they have letters."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {letter: number for number, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    merges = []
    for word in words:
        letters = word.replace(" ", "Ġ")
        for size in range(1, len(letters)):
            vocabulary.setdefault(letters[: size + 1], len(vocabulary))
            if (merge := (letters[:size], letters[size])) not in merges:
                merges.append(merge)
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = {"pad_token": "<|endoftext|>", "eos_token": "<|im_end|>", "extra_special_tokens": list(specials)}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


def save_vision_language(network, processor, folder):
    """Saves a model whose next tokens differ clearly, in spite of its random weights."""
    import torch

    with torch.no_grad():
        network.get_output_embeddings().weight.mul_(20)
    network.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _describe_text(tokenizer):
    ends = {"bos_token_id": None, "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    return {**TEXT, "vocab_size": len(tokenizer), "num_key_value_heads": 2, **ends}


def save_idefics3(folder):
    """An Idefics3, whose processor needs Pillow alone; images have one size for it."""
    import torch
    from transformers import Idefics3Config, Idefics3ForConditionalGeneration, Idefics3Processor
    from transformers.models.idefics3.image_processing_pil_idefics3 import Idefics3ImageProcessorPil

    tokenizer = make_tokenizer(
        ["<|im_start|>", "<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"]
    )
    images = Idefics3ImageProcessorPil(
        size={"longest_edge": 56}, max_image_size={"longest_edge": 56}, do_image_splitting=False
    )
    processor = Idefics3Processor(images, tokenizer, image_seq_len=4, chat_template=CHAT.replace("IMAGE", "<image>"))
    config = Idefics3Config(
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=2,
        vision_config={**VISION, "image_size": 56, "patch_size": 14},
        text_config={"model_type": "llama", **_describe_text(tokenizer)},
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(0)
    return save_vision_language(Idefics3ForConditionalGeneration(config), processor, folder)


def save_qwen2_5_vl(folder):
    """A Qwen2.5-VL, whose processor needs torchvision; larger images have more tokens."""
    import torch
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration, Qwen2_5_VLProcessor
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

    tokenizer = make_tokenizer(
        ["<|im_start|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    )
    names = ("image_token", "video_token", "vision_start_token", "vision_end_token")
    tokens = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
    config = Qwen2_5_VLConfig(
        text_config={
            **_describe_text(tokenizer),
            "max_position_embeddings": 2048,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]},
            "tie_word_embeddings": False,
        },
        vision_config={
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "patch_size": 14,
            "out_hidden_size": 64,
            "fullatt_block_indexes": [1],
            "window_size": 56,
        },
        tie_word_embeddings=False,
        **{f"{name}_id": tokenizer.convert_tokens_to_ids(token) for name, token in zip(names, tokens, strict=True)},
    )
    processor = Qwen2_5_VLProcessor(
        image_processor=Qwen2VLImageProcessorPil(min_pixels=56 * 56, max_pixels=112 * 112),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=CHAT.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>"),
    )
    torch.manual_seed(0)
    return save_vision_language(Qwen2_5_VLForConditionalGeneration(config), processor, folder)


def save_llava(folder):
    """A LLaVA, whose processor needs Pillow alone; images have one size for it."""
    import torch
    from transformers import (
        CLIPVisionConfig,
        LlamaConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = make_tokenizer(["<|im_start|>", "<image>"])
    processor = LlavaProcessor(
        CLIPImageProcessorPil(size={"shortest_edge": 56}, crop_size={"height": 56, "width": 56}),
        tokenizer,
        patch_size=14,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=CHAT.replace("IMAGE", "<image>"),
    )
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**VISION, image_size=56, patch_size=14, projection_dim=32),
        text_config=LlamaConfig(**_describe_text(tokenizer)),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        vision_feature_layer=-1,
        image_seq_length=16,
    )
    torch.manual_seed(0)
    return save_vision_language(LlavaForConditionalGeneration(config), processor, folder)
