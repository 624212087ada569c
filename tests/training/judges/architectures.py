"""Tiny judges of more architectures than `tiny.py` has, with random weights."""

import tiny
from tiny import CHAT, VISION, _describe_text, make_tokenizer, save_vision_language

QWEN = ["<|im_start|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
QWEN_CHAT = CHAT.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>").replace(
    "{% else %}", "{% elif part['type'] == 'video' %}<|vision_start|><|video_pad|><|vision_end|>{% else %}"
)
SIGLIP = {**VISION, "image_size": 56, "patch_size": 14, "vision_use_head": False}


def _save_qwen(folder, network_class, config, processor_class, video_class):
    import torch
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    tokenizer = make_tokenizer(QWEN)
    names = ("image_token", "video_token", "vision_start_token", "vision_end_token")
    tokens = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
    ids = {f"{name}_id": tokenizer.convert_tokens_to_ids(token) for name, token in zip(names, tokens, strict=True)}
    sizes = {"shortest_edge": 64 * 64, "longest_edge": 128 * 128}
    processor = processor_class(
        image_processor=Qwen2VLImageProcessorPil(patch_size=16, size=sizes),
        tokenizer=tokenizer,
        video_processor=video_class(patch_size=16, size=sizes),
        chat_template=QWEN_CHAT,
    )
    torch.manual_seed(0)
    return save_vision_language(network_class(config(tokenizer, ids)), processor, folder)


VISION_QWEN3 = {
    "depth": 2,
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_heads": 2,
    "patch_size": 16,
    "out_hidden_size": 64,
    "num_position_embeddings": 64,
}


def save_qwen3_vl(folder):
    """A Qwen3-VL; larger images have more tokens, and frames are read as a video."""
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration, Qwen3VLProcessor
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

    def make(tokenizer, ids):
        rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [4, 2, 2], "mrope_interleaved": True}
        text = {**_describe_text(tokenizer), "head_dim": 16, "rope_parameters": rope}
        vision = {**VISION_QWEN3, "deepstack_visual_indexes": [0, 1]}
        return Qwen3VLConfig(text_config=text, vision_config=vision, **ids)

    return _save_qwen(folder, Qwen3VLForConditionalGeneration, make, Qwen3VLProcessor, Qwen3VLVideoProcessor)


def save_qwen3_5(folder):
    """A Qwen3.5: half of its layers have linear attention."""
    from transformers import Qwen3_5Config, Qwen3_5ForConditionalGeneration, Qwen3VLProcessor
    from transformers.models.qwen3_vl.video_processing_qwen3_vl import Qwen3VLVideoProcessor

    def make(tokenizer, ids):
        rope = {
            "rope_type": "default",
            "rope_theta": 10000.0,
            "mrope_section": [4, 2, 2],
            "mrope_interleaved": True,
            "partial_rotary_factor": 1.0,
        }
        linear = {"linear_key_head_dim": 16, "linear_value_head_dim": 16}
        heads = {"linear_num_key_heads": 2, "linear_num_value_heads": 4}
        text = {**_describe_text(tokenizer), "head_dim": 16, "rope_parameters": rope, **linear, **heads}
        text["layer_types"] = ["linear_attention", "full_attention"]
        return Qwen3_5Config(text_config=text, vision_config=VISION_QWEN3, **ids)

    return _save_qwen(folder, Qwen3_5ForConditionalGeneration, make, Qwen3VLProcessor, Qwen3VLVideoProcessor)


def save_internvl(folder):
    """An InternVL, which cuts images into tiles."""
    import torch
    from transformers import InternVLConfig, InternVLForConditionalGeneration, InternVLProcessor
    from transformers.models.got_ocr2.image_processing_pil_got_ocr2 import GotOcr2ImageProcessorPil
    from transformers.models.internvl.video_processing_internvl import InternVLVideoProcessor

    tokenizer = make_tokenizer(["<|im_start|>", "<img>", "</img>", "<IMG_CONTEXT>", "<video>"])
    signs = {"start_image_token": "<img>", "end_image_token": "</img>", "context_image_token": "<IMG_CONTEXT>"}
    tokenizer = type(tokenizer)(
        tokenizer_object=tokenizer._tokenizer,
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
        extra_special_tokens={**signs, "video_token": "<video>", "start_token": "<|im_start|>"},
    )
    size = {"height": 56, "width": 56}
    processor = InternVLProcessor(
        GotOcr2ImageProcessorPil(size=size, min_patches=1, max_patches=4),
        tokenizer,
        InternVLVideoProcessor(size=size),
        image_seq_length=4,
        chat_template=CHAT.replace("IMAGE", "<IMG_CONTEXT>\n"),
    )
    config = InternVLConfig(
        vision_config={**VISION, "image_size": [56, 56], "patch_size": [14, 14]},
        text_config={"model_type": "qwen2", **_describe_text(tokenizer)},
        image_token_id=tokenizer.convert_tokens_to_ids("<IMG_CONTEXT>"),
        image_seq_length=4,
        tie_word_embeddings=False,
    )
    torch.manual_seed(0)
    return save_vision_language(InternVLForConditionalGeneration(config), processor, folder)


def _make_gemma_tokenizer(specials):
    """Line breaks are a token of their own, and what an image begins and ends with is named."""
    from tokenizers import AddedToken

    tokenizer = make_tokenizer(["<|im_start|>", *specials.values()])
    tokenizer = type(tokenizer)(
        tokenizer_object=tokenizer._tokenizer,
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
        extra_special_tokens={**specials, "start_token": "<|im_start|>"},
    )
    tokenizer.add_tokens([AddedToken("\n\n", normalized=False), AddedToken("\n\n\n", normalized=False)])
    return tokenizer


def save_gemma3(folder):
    """A Gemma 3: a layer with a short window, and line breaks around the image."""
    import torch
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration, Gemma3Processor
    from transformers.models.gemma3.image_processing_pil_gemma3 import Gemma3ImageProcessorPil

    signs = {"boi_token": "<start_of_image>", "eoi_token": "<end_of_image>", "image_token": "<image_soft_token>"}
    tokenizer = _make_gemma_tokenizer(signs)
    images = Gemma3ImageProcessorPil(size={"height": 56, "width": 56})
    chat = CHAT.replace("IMAGE", "<start_of_image>")
    processor = Gemma3Processor(images, tokenizer, image_seq_length=4, chat_template=chat)
    kinds = ["sliding_attention", "full_attention"]
    text = {**_describe_text(tokenizer), "head_dim": 16, "sliding_window": 24, "layer_types": kinds}
    names = {"boi_token_index": "boi", "eoi_token_index": "eoi", "image_token_index": "image"}
    config = Gemma3Config(
        text_config=text,
        vision_config=SIGLIP,
        mm_tokens_per_image=4,
        tie_word_embeddings=False,
        **{key: tokenizer.convert_tokens_to_ids(signs[f"{name}_token"]) for key, name in names.items()},
    )
    torch.manual_seed(0)
    network = Gemma3ForConditionalGeneration(config)
    torch.nn.init.normal_(network.model.multi_modal_projector.mm_input_projection_weight)  # zeros, or it sees nothing
    return save_vision_language(network, processor, folder)


def save_gemma4(folder):
    """A Gemma 4: a layer with a short window, one that shares the keys of another, and inputs of each layer."""
    import torch
    from transformers import Gemma4Config, Gemma4ForConditionalGeneration, Gemma4Processor
    from transformers.models.gemma4.feature_extraction_gemma4 import Gemma4AudioFeatureExtractor
    from transformers.models.gemma4.image_processing_pil_gemma4 import Gemma4ImageProcessorPil
    from transformers.models.gemma4.video_processing_gemma4 import Gemma4VideoProcessor

    signs = {"boi": "<|image>", "eoi": "<image|>", "image": "<|image|>", "boa": "<|audio>", "eoa": "<audio|>"}
    tokenizer = _make_gemma_tokenizer(
        {f"{name}_token": sign for name, sign in signs.items()} | {"audio_token": "<|audio|>"}
    )
    chat = CHAT.replace("IMAGE", "<|image|>").replace(
        "{% else %}", "{% elif part['type'] == 'video' %}<|video|>{% else %}"
    )
    processor = Gemma4Processor(
        Gemma4AudioFeatureExtractor(),
        Gemma4ImageProcessorPil(max_soft_tokens=70),
        tokenizer,
        Gemma4VideoProcessor(),
        chat_template=chat,
    )
    kinds = ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]
    text = {
        **_describe_text(tokenizer),
        "num_hidden_layers": 4,
        "head_dim": 16,
        "global_head_dim": 16,
        "sliding_window": 24,
        "layer_types": kinds,
        "num_kv_shared_layers": 2,
        "hidden_size_per_layer_input": 8,
        "vocab_size_per_layer_input": len(tokenizer),
    }
    vision = {**VISION, "num_key_value_heads": 2, "head_dim": 16, "position_embedding_size": 1024}
    config = Gemma4Config(
        text_config=text,
        vision_config=vision,
        audio_config=None,
        tie_word_embeddings=False,
        **{f"{name}_token_id": tokenizer.convert_tokens_to_ids(signs[name]) for name in ("boi", "eoi", "image")},
        video_token_id=processor.video_token_id,
    )
    torch.manual_seed(0)
    return save_vision_language(Gemma4ForConditionalGeneration(config), processor, folder)


ARCHITECTURES = {
    "idefics3": tiny.save_idefics3,
    "llava": tiny.save_llava,
    "qwen2_5_vl": tiny.save_qwen2_5_vl,
    "qwen3_vl": save_qwen3_vl,
    "qwen3_5": save_qwen3_5,
    "internvl": save_internvl,
    "gemma3": save_gemma3,
    "gemma4": save_gemma4,
}
