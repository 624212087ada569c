"""Tiny models with random weights, made from configs and saved as the Hub has them, so that tests download nothing."""

from pathlib import Path

CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{% for part in message['content'] %}{% if part['type'] == 'image' %}IMAGE{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""A chat template, with `IMAGE` for the tokens of an image."""

TEXT = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4}
T5 = {"d_model": 16, "d_kv": 4, "d_ff": 32, "num_layers": 2, "num_heads": 4}
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


def save_stable_diffusion(folder, seed=0):
    """A Stable Diffusion 1.x pipeline of 0.4 million weights for pictures of 64 x 64 pixels; gives the folder.

    Its VAE makes latents of 8 x 8, an eighth as real ones do. Its tokenizer knows single characters alone, so a
    caption of more than 75 letters is cut.
    """
    import torch
    from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    tokenizer = CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=[], model_max_length=77)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        text_encoder = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(tokenizer),
                hidden_size=32,
                intermediate_size=37,
                num_hidden_layers=2,
                num_attention_heads=4,
                max_position_embeddings=77,
                bos_token_id=tokenizer.bos_token_id,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        )
        vae = AutoencoderKL(
            block_out_channels=[8, 8, 16, 16],
            down_block_types=["DownEncoderBlock2D"] * 4,
            up_block_types=["UpDecoderBlock2D"] * 4,
            layers_per_block=1,
            norm_num_groups=8,
            latent_channels=4,
            sample_size=64,
        )
        unet = UNet2DConditionModel(
            block_out_channels=(16, 32),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            layers_per_block=1,
            cross_attention_dim=32,
            attention_head_dim=4,
            norm_num_groups=8,
            sample_size=8,
        )
    scheduler = PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    StableDiffusionPipeline(
        vae=vae,
        text_encoder=text_encoder,
        tokenizer=tokenizer,
        unet=unet,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return Path(folder)


def save_simplear(folder, codes=64, positions=1024, seed=0):
    """An autoregressive image model like SimpleAR, and `decoder.jit` beside it, like that of Cosmos; gives the folder.

    Its text tokens are single bytes; `codes` visual ones follow them in its vocabulary, and the tokenizer has none of
    these. The decoder makes pictures of 32 x 32 pixels of grids of 4 x 4.
    """
    import torch
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen2Tokenizer

    letters = {letter: number for number, letter in enumerate(sorted(ByteLevel.alphabet()))}
    tokenizer = Qwen2Tokenizer(vocab=letters, merges=[], extra_special_tokens=["<|t2i|>", "<|soi|>"])
    config = Qwen2Config(
        **TEXT,
        vocab_size=len(tokenizer) + codes,
        num_key_value_heads=2,
        max_position_embeddings=positions,
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        Qwen2ForCausalLM(config).save_pretrained(folder)
        colors = torch.rand(codes, 3) * 2 - 1
    tokenizer.save_pretrained(folder)
    save_decoder(Path(folder) / "decoder.jit", colors)
    return Path(folder)


def save_decoder(path, colors):
    """A TorchScript file: takes codes, shape [pictures, 1, rows, columns]; gives [pictures, 3, 1, height, width].

    Each code is a square of 8 x 8 pixels in one of `colors`, shape [codes, 3], from -1 to 1.
    """
    import warnings

    import torch

    class Squares(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("colors", colors)

        def forward(self, codes):
            pixels = self.colors[codes].permute(0, 4, 1, 2, 3)
            return pixels.repeat_interleave(8, dim=3).repeat_interleave(8, dim=4)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # TorchScript has had its day, but this is what is published
        torch.jit.trace(Squares(), torch.zeros(1, 1, 4, 4, dtype=torch.int64)).save(str(path))
    return path


def draw_weights(shapes, scale=0.2):
    """Weights that depend on their names and shapes alone, as any version of NumPy draws them."""
    import zlib

    import numpy as np
    import torch

    def draw(name, shape):
        return np.random.RandomState(zlib.crc32(name.encode())).standard_normal(shape) * scale

    return {name: torch.tensor(draw(name, shape), dtype=torch.float32) for name, shape in shapes.items()}


def fill_weights(network, scale=0.5):
    """Gives a network weights that depend on their names and shapes alone; norms are near those of real ones."""
    shapes = {name: tuple(tensor.shape) for name, tensor in network.named_parameters()}
    network.load_state_dict(draw_weights(shapes, scale), strict=False)
    return network


def draw_picture(seed, width=64, height=48):
    """A picture of blots of colors, the same on every machine."""
    import numpy as np
    from PIL import Image

    blots = np.random.RandomState(seed).randint(0, 256, (6, 8, 3), dtype=np.uint8)
    return Image.fromarray(blots).resize((width, height), Image.Resampling.BICUBIC)


def make_letter_tokenizer():
    """CLIP's tokenizer, with letters for words; it reads 77."""
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPTokenizer

    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={word: i for i, word in enumerate(words)}, merges=[], model_max_length=77)


def save_clip(folder, size=224):
    """A CLIP model, with its processor."""
    from transformers import CLIPConfig, CLIPModel, CLIPProcessor
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    tokenizer = make_letter_tokenizer()
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    text = {**VISION, "vocab_size": len(tokenizer), "max_position_embeddings": 77, **ends}
    vision = {**VISION, "image_size": size, "patch_size": 56}
    network = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=16))
    fill_weights(network).save_pretrained(folder)
    images = CLIPImageProcessorPil(size={"shortest_edge": size}, crop_size={"height": size, "width": size})
    CLIPProcessor(images, tokenizer).save_pretrained(folder)
    return str(folder)


def save_vit(folder):
    """DINO's kind of network, for squares of 224 pixels, with its processor."""
    from transformers import ViTConfig, ViTModel
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    config = ViTConfig(**VISION, image_size=224, patch_size=32, layer_norm_eps=1e-6)
    fill_weights(ViTModel(config, add_pooling_layer=False)).save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 224, "width": 224}).save_pretrained(folder)
    return str(folder)


def save_hpsv3(folder, base):
    """HPSv3's checkpoint as it is published, and the folder of the model that it was made from."""
    from safetensors.torch import save_file
    from transformers import Qwen2VLConfig, Qwen2VLForConditionalGeneration, Qwen2VLProcessor
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import Qwen2VLVideoProcessor

    tokenizer = make_tokenizer(
        ["<|im_start|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    )
    names = ("image_token", "video_token", "vision_start_token", "vision_end_token")
    tokens = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
    config = Qwen2VLConfig(
        text_config={
            **_describe_text(tokenizer),
            "vocab_size": len(tokenizer) + 20,  # more than there are tokens, as in the real one
            "max_position_embeddings": 4096,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 3, 3]},
        },
        vision_config={"depth": 2, "embed_dim": 32, "hidden_size": 64, "num_heads": 2, "mlp_ratio": 2},
        tie_word_embeddings=False,
        **{f"{name}_id": tokenizer.convert_tokens_to_ids(token) for name, token in zip(names, tokens, strict=True)},
    )
    config.save_pretrained(base)
    Qwen2VLProcessor(
        image_processor=Qwen2VLImageProcessorPil(),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(),
        chat_template=CHAT.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>"),
    ).save_pretrained(base)
    # With the token of the reward, and no more words than tokens.
    config.text_config.vocab_size = len(tokenizer) + 1
    shapes = {
        name.replace("model.visual.", "visual.").replace("model.language_model.", "model."): tuple(tensor.shape)
        for name, tensor in Qwen2VLForConditionalGeneration(config).named_parameters()
    }
    for layer, (before, after) in {0: (64, 1024), 3: (1024, 16), 5: (16, 2)}.items():
        shapes |= {f"rm_head.{layer}.weight": (after, before), f"rm_head.{layer}.bias": (after,)}
    folder.mkdir()
    save_file(draw_weights(shapes), folder / "HPSv3.safetensors")
    return str(folder), str(base)


def save_image_reward(folder, tokenizer, width=128):
    """ImageReward's checkpoint as it is published, a tiny one, and the folder of its tokenizer."""
    import string

    import torch
    from transformers import BertTokenizer

    norm, square = (width,), (width, width)
    eye = {"norm1": norm, "norm2": norm, "attn.qkv": (3 * width, width), "attn.proj": square}
    eye |= {"mlp.fc1": (4 * width, width), "mlp.fc2": (width, 4 * width)}
    word = {"intermediate.dense": (64, width), "output.dense": (width, 64), "output.LayerNorm": norm}
    for name in ("attention", "crossattention"):
        word |= {f"{name}.self.{part}": square for part in ("query", "key", "value")}
        word |= {f"{name}.output.dense": square, f"{name}.output.LayerNorm": norm}
    eyes, words = "blip.visual_encoder.", "blip.text_encoder."
    parts = {f"{eyes}patch_embed.proj": (width, 3, 56, 56), f"{eyes}norm": norm, f"{words}embeddings.LayerNorm": norm}
    for layer in range(2):
        parts |= {f"{eyes}blocks.{layer}.{name}": shape for name, shape in eye.items()}
        parts |= {f"{words}encoder.layer.{layer}.{name}": shape for name, shape in word.items()}
    sizes = {0: (1024, width), 2: (128, 1024), 4: (64, 128), 6: (16, 64), 7: (1, 16)}
    parts |= {f"mlp.layers.{layer}": shape for layer, shape in sizes.items()}
    shapes = {
        f"{eyes}cls_token": (1, 1, width),
        f"{eyes}pos_embed": (1, 1 + 4 * 4, width),
        f"{words}embeddings.word_embeddings.weight": (60, width),
        f"{words}embeddings.position_embeddings.weight": (512, width),
        **{f"{name}.weight": shape for name, shape in parts.items()},
        **{f"{name}.bias": shape[:1] for name, shape in parts.items()},
    }
    folder.mkdir()
    torch.save(draw_weights(shapes), folder / "ImageReward.pt")
    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [*string.ascii_lowercase, *(f"##{letter}" for letter in string.ascii_lowercase)]
    BertTokenizer(vocab={word: i for i, word in enumerate([*specials, *letters])}).save_pretrained(tokenizer)
    return str(folder), str(tokenizer)


def save_clip_flant5(folder, vision, tokenizer):
    """CLIP-FlanT5's checkpoint as it is published, a tiny one, and the folders of its CLIP model and its tokenizer."""
    from safetensors.torch import save_file
    from tokenizers.processors import TemplateProcessing
    from transformers import T5Config, T5ForConditionalGeneration

    words = make_tokenizer([])
    end = (words.eos_token, words.eos_token_id)
    words.backend_tokenizer.post_processor = TemplateProcessing(single=f"$A {words.eos_token}", special_tokens=[end])
    words.save_pretrained(tokenizer)
    config = T5Config(
        vocab_size=len(words) + 20,  # more than there are tokens, as in the real one
        d_model=32,
        d_kv=16,
        d_ff=64,
        num_layers=2,
        num_heads=2,
        feed_forward_proj="gated-gelu",
        tie_word_embeddings=False,
        pad_token_id=words.pad_token_id,
        eos_token_id=words.eos_token_id,
        decoder_start_token_id=words.pad_token_id,
        mm_hidden_size=VISION["hidden_size"],
        mm_projector_type="mlp2x_gelu",
    )
    config.save_pretrained(folder)
    shapes = {name: tuple(tensor.shape) for name, tensor in T5ForConditionalGeneration(config).named_parameters()}
    shapes["lm_head.weight"] = shapes["shared.weight"]  # FLAN-T5 has another one than `shared`
    for layer in (0, 2):
        shapes |= {f"mm_projector.{layer}.weight": (32, 32), f"mm_projector.{layer}.bias": (32,)}
    save_file(draw_weights(shapes), folder / "model.safetensors", metadata={"format": "pt"})
    return str(folder), save_clip(vision), str(tokenizer)


def save_vera(folder):
    """Saves an encoder of Vera's kind, with its head among the embeddings, and gives its folder as text."""
    from transformers import T5Config, T5EncoderModel

    network = fill_weights(T5EncoderModel(T5Config(**T5, vocab_size=32128, architectures=["T5EncoderModel"])))
    network.shared.weight.data[32097, 0] = 1.7
    network.save_pretrained(folder)
    make_tokenizer([]).save_pretrained(folder)
    return str(folder)
