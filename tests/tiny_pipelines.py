"""Tiny pipelines of diffusers with random weights, one a family, saved as the Hub has them; see `tiny.py`.

Each is made for pictures of 32 x 32 pixels, or videos of a few such frames.
"""

import tiny

CHAT = "{% for message in messages %}{{ message['content'] }}{% endfor %}"
QWEN = {"hidden_size": 16, "intermediate_size": 32, "num_attention_heads": 2, "num_key_value_heads": 2}
T5 = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 2, "num_heads": 2}


def save_pipeline(family, folder):
    """Saves a pipeline of a family, such as `FluxPipeline`; gives the folder."""
    import diffusers
    import torch

    with torch.random.fork_rng():
        torch.manual_seed(0)
        getattr(diffusers, family)(**MAKERS[family]()).save_pretrained(folder)
    return folder


def make_words(**more):
    """A tokenizer of single bytes, with some words and a chat template."""
    tokenizer = tiny.make_tokenizer([])
    tokenizer.chat_template = CHAT
    for name, value in more.items():
        setattr(tokenizer, name, value)
    return tokenizer


def make_clip(projection=16, kind="CLIPTextModel"):
    import transformers

    tokenizer = tiny.make_letter_tokenizer()
    ends = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("bos", "eos", "pad")}
    config = transformers.CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=77,
        projection_dim=projection,
        **ends,
    )
    return getattr(transformers, kind)(config), tokenizer


def make_t5(kind="T5", **more):
    import transformers

    tokenizer = make_words()
    config = getattr(transformers, f"{kind}Config")(vocab_size=len(tokenizer), **(T5 | more))
    return getattr(transformers, f"{kind}EncoderModel")(config), tokenizer


def make_vae(channels=4, blocks=4):
    from diffusers import AutoencoderKL

    return AutoencoderKL(
        block_out_channels=[8] * blocks,
        down_block_types=["DownEncoderBlock2D"] * blocks,
        up_block_types=["UpDecoderBlock2D"] * blocks,
        layers_per_block=1,
        norm_num_groups=4,
        latent_channels=channels,
        sample_size=32,
        use_quant_conv=channels == 4,
        use_post_quant_conv=channels == 4,
        shift_factor=0.06,
        scaling_factor=1.5,
    )


def make_flow():
    from diffusers import FlowMatchEulerDiscreteScheduler

    return FlowMatchEulerDiscreteScheduler(shift=3.0)


def make_unet(**more):
    from diffusers import UNet2DConditionModel

    options = {"down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"), "cross_attention_dim": 16}
    return UNet2DConditionModel(
        block_out_channels=(8, 16),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        layers_per_block=1,
        attention_head_dim=4,
        norm_num_groups=4,
        sample_size=8,
        **(options | more),
    )


def make_stable_diffusion():
    from diffusers import DDIMScheduler

    text_encoder, tokenizer = make_clip()
    return {
        "vae": make_vae(),
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "unet": make_unet(),
        "scheduler": DDIMScheduler(),
        "safety_checker": None,
        "feature_extractor": None,
        "requires_safety_checker": False,
    }


def make_checked(weight):
    """A Stable Diffusion whose safety checker finds all pictures unsafe, or, with a positive weight, none."""
    import torch
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    from transformers import CLIPConfig
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    vision = {**tiny.VISION, "image_size": 32, "patch_size": 16}
    checker = StableDiffusionSafetyChecker(CLIPConfig(vision_config=vision, projection_dim=16))
    with torch.no_grad():
        checker.concept_embeds_weights.fill_(weight)  # what cosines must be above
    processor = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    return {
        **make_stable_diffusion(),
        "safety_checker": checker,
        "feature_extractor": processor,
        "requires_safety_checker": True,
    }


def drop_key(components, key):
    return {name: part for name, part in components.items() if name != key}


def make_sdxl():
    from diffusers import EulerDiscreteScheduler

    (one, tokenizer), (two, tokenizer_2) = make_clip(), make_clip(kind="CLIPTextModelWithProjection")
    return {
        "vae": make_vae(),
        "text_encoder": one,
        "tokenizer": tokenizer,
        "text_encoder_2": two,
        "tokenizer_2": tokenizer_2,
        "unet": make_unet(
            cross_attention_dim=32,
            transformer_layers_per_block=1,
            use_linear_projection=True,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + 16,
        ),
        "scheduler": EulerDiscreteScheduler(),
    }


def make_sd3():
    from diffusers import SD3Transformer2DModel

    (one, tokenizer), (two, tokenizer_2) = (make_clip(kind="CLIPTextModelWithProjection") for _ in range(2))
    three, tokenizer_3 = make_t5(d_model=32)
    transformer = SD3Transformer2DModel(
        sample_size=8,
        patch_size=2,
        in_channels=4,
        out_channels=4,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=4,
        caption_projection_dim=32,
        joint_attention_dim=32,
        pooled_projection_dim=32,
    )
    return {
        "transformer": transformer,
        "scheduler": make_flow(),
        "vae": make_vae(),
        "text_encoder": one,
        "tokenizer": tokenizer,
        "text_encoder_2": two,
        "tokenizer_2": tokenizer_2,
        "text_encoder_3": three,
        "tokenizer_3": tokenizer_3,
    }


def make_flux():
    from diffusers import FluxTransformer2DModel

    one, tokenizer = make_clip()
    two, tokenizer_2 = make_t5()
    transformer = FluxTransformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        pooled_projection_dim=16,
        axes_dims_rope=[4, 4, 8],
        guidance_embeds=True,
    )
    return {
        "scheduler": make_flow(),
        "vae": make_vae(),
        "text_encoder": one,
        "tokenizer": tokenizer,
        "text_encoder_2": two,
        "tokenizer_2": tokenizer_2,
        "transformer": transformer,
    }


def make_qwen3(layers):
    from transformers import Qwen3Config, Qwen3ForCausalLM

    tokenizer = make_words()
    config = Qwen3Config(
        vocab_size=len(tokenizer), num_hidden_layers=layers, head_dim=8, max_position_embeddings=600, **QWEN
    )
    return Qwen3ForCausalLM(config), tokenizer


def make_flux2_klein():
    from diffusers import AutoencoderKLFlux2, Flux2Transformer2DModel

    text_encoder, tokenizer = make_qwen3(layers=28)  # the pipeline reads the layers 9, 18 and 27
    vae = AutoencoderKLFlux2(
        block_out_channels=[8] * 4, layers_per_block=1, norm_num_groups=4, latent_channels=4, sample_size=32
    )
    transformer = Flux2Transformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=48,
        timestep_guidance_channels=32,
        axes_dims_rope=[4, 4, 4, 4],
        guidance_embeds=False,
    )
    return {
        "scheduler": make_flow(),
        "vae": vae,
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "transformer": transformer,
        "is_distilled": True,
    }


def make_z_image():
    from diffusers import ZImageTransformer2DModel

    text_encoder, tokenizer = make_qwen3(layers=2)
    transformer = ZImageTransformer2DModel(
        in_channels=4,
        dim=32,
        n_layers=1,
        n_refiner_layers=1,
        n_heads=2,
        n_kv_heads=2,
        cap_feat_dim=16,
        axes_dims=[4, 4, 8],
        axes_lens=[1024, 64, 64],
    )
    return {
        "scheduler": make_flow(),
        "vae": make_vae(),
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "transformer": transformer,
    }


def make_qwen_vl(folder="ForConditionalGeneration"):
    """A Qwen2.5-VL, of which pipelines read the text alone, and its tokenizer."""
    import transformers

    tokenizer = make_words()
    text = {
        **QWEN,
        "vocab_size": len(tokenizer),
        "num_hidden_layers": 4,
        "max_position_embeddings": 4096,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]},
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    if folder == "TextModel":
        config = transformers.Qwen2_5_VLConfig(text_config=text).text_config
        return transformers.Qwen2_5_VLTextModel(config), tokenizer
    vision = {
        "depth": 1,
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_heads": 2,
        "out_hidden_size": 16,
        "fullatt_block_indexes": [0],
    }
    config = transformers.Qwen2_5_VLConfig(text_config=text, vision_config=vision)
    return transformers.Qwen2_5_VLForConditionalGeneration(config), tokenizer


def make_qwen_image():
    from diffusers import AutoencoderKLQwenImage, QwenImageTransformer2DModel

    text_encoder, tokenizer = make_qwen_vl()
    vae = AutoencoderKLQwenImage(
        base_dim=12, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1, latents_mean=[0.0] * 4, latents_std=[1.0] * 4
    )
    transformer = QwenImageTransformer2DModel(
        in_channels=16,
        out_channels=4,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        axes_dims_rope=(8, 4, 4),
    )
    return {
        "scheduler": make_flow(),
        "vae": vae,
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "transformer": transformer,
    }


def make_pixart():
    from diffusers import DPMSolverMultistepScheduler, PixArtTransformer2DModel

    text_encoder, tokenizer = make_t5()
    transformer = PixArtTransformer2DModel(
        sample_size=4,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=2,
        caption_channels=16,
        cross_attention_dim=16,
        use_additional_conditions=False,
    )
    return {
        "tokenizer": tokenizer,
        "text_encoder": text_encoder,
        "vae": make_vae(),
        "transformer": transformer,
        "scheduler": DPMSolverMultistepScheduler(),
    }


def make_sana():
    from diffusers import AutoencoderDC, DPMSolverMultistepScheduler, SanaTransformer2DModel
    from transformers import Gemma2Config, Gemma2Model

    tokenizer = make_words(padding_side="right")
    text_encoder = Gemma2Model(
        Gemma2Config(vocab_size=len(tokenizer), num_hidden_layers=1, head_dim=8, max_position_embeddings=4096, **QWEN)
    )
    vae = AutoencoderDC(
        latent_channels=4,
        attention_head_dim=2,
        encoder_block_types=("ResBlock", "EfficientViTBlock"),
        decoder_block_types=("ResBlock", "EfficientViTBlock"),
        encoder_block_out_channels=(8, 8),
        decoder_block_out_channels=(8, 8),
        encoder_layers_per_block=(1, 1),
        decoder_layers_per_block=(1, 1),
        encoder_qkv_multiscales=((), (5,)),
        decoder_qkv_multiscales=((), (5,)),
        upsample_block_type="interpolate",
        downsample_block_type="stride_conv",
        decoder_norm_types="rms_norm",
        decoder_act_fns="silu",
        scaling_factor=0.41407,
    )
    transformer = SanaTransformer2DModel(
        in_channels=4,
        out_channels=4,
        num_layers=1,
        num_attention_heads=2,
        attention_head_dim=8,
        num_cross_attention_heads=2,
        cross_attention_head_dim=8,
        cross_attention_dim=16,
        caption_channels=16,
        sample_size=32,
    )
    scheduler = DPMSolverMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0, algorithm_type="dpmsolver++"
    )
    return {
        "tokenizer": tokenizer,
        "text_encoder": text_encoder,
        "vae": vae,
        "transformer": transformer,
        "scheduler": scheduler,
    }


def make_wan():
    from diffusers import AutoencoderKLWan, UniPCMultistepScheduler, WanTransformer3DModel

    text_encoder, tokenizer = make_t5("UMT5")
    vae = AutoencoderKLWan(
        base_dim=12, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1, latents_mean=[0.0] * 4, latents_std=[1.0] * 4
    )
    experts = [
        WanTransformer3DModel(
            num_attention_heads=2,
            attention_head_dim=12,
            in_channels=4,
            out_channels=4,
            text_dim=16,
            freq_dim=32,
            ffn_dim=32,
            num_layers=1,
            rope_max_seq_len=32,
        )
        for _ in range(2)
    ]
    return {
        "tokenizer": tokenizer,
        "text_encoder": text_encoder,
        "vae": vae,
        "scheduler": UniPCMultistepScheduler(prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0),
        "transformer": experts[0],
        "transformer_2": experts[1],
        "boundary_ratio": 0.875,
    }


def make_hunyuan_image():
    from diffusers import AutoencoderKLHunyuanImage, HunyuanImageTransformer2DModel
    from diffusers.guiders import AdaptiveProjectedMixGuidance

    text_encoder, tokenizer = make_qwen_vl()
    text_encoder_2, tokenizer_2 = make_byt5()
    vae = AutoencoderKLHunyuanImage(
        in_channels=3,
        out_channels=3,
        latent_channels=16,
        block_out_channels=(32, 32, 32, 32),
        layers_per_block=1,
        spatial_compression_ratio=8,
        sample_size=32,
        scaling_factor=0.75,
    )
    transformer = HunyuanImageTransformer2DModel(
        in_channels=16,
        out_channels=16,
        num_attention_heads=2,
        attention_head_dim=8,
        num_layers=1,
        num_single_layers=1,
        num_refiner_layers=1,
        text_embed_dim=16,
        text_embed_2_dim=16,
        rope_axes_dim=(4, 4),
    )
    return {
        "scheduler": make_flow(),
        "vae": vae,
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "text_encoder_2": text_encoder_2,
        "tokenizer_2": tokenizer_2,
        "transformer": transformer,
        "guider": AdaptiveProjectedMixGuidance(),
        "ocr_guider": AdaptiveProjectedMixGuidance(),
    }


def make_byt5():
    from transformers import ByT5Tokenizer, T5Config, T5EncoderModel

    tokenizer = ByT5Tokenizer()
    return T5EncoderModel(T5Config(vocab_size=len(tokenizer), **T5)), tokenizer


def make_hunyuan_video():
    from diffusers import AutoencoderKLHunyuanVideo15, HunyuanVideo15Transformer3DModel
    from diffusers.guiders import ClassifierFreeGuidance

    text_encoder, tokenizer = make_qwen_vl("TextModel")
    text_encoder_2, tokenizer_2 = make_byt5()
    vae = AutoencoderKLHunyuanVideo15(
        latent_channels=4, block_out_channels=(8, 8, 8, 8, 8), layers_per_block=1, scaling_factor=0.5
    )
    transformer = HunyuanVideo15Transformer3DModel(
        in_channels=9,
        out_channels=4,
        num_attention_heads=2,
        attention_head_dim=8,
        num_layers=1,
        num_refiner_layers=1,
        text_embed_dim=16,
        text_embed_2_dim=16,
        image_embed_dim=12,
        rope_axes_dim=(2, 2, 4),
        target_size=32,
        task_type="t2v",
    )
    return {
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "transformer": transformer,
        "vae": vae,
        "scheduler": make_flow(),
        "text_encoder_2": text_encoder_2,
        "tokenizer_2": tokenizer_2,
        "guider": ClassifierFreeGuidance(),
    }


def make_longcat():
    import pathlib
    import tempfile

    from diffusers import LongCatImageTransformer2DModel
    from transformers import Qwen2VLProcessor

    text_encoder, tokenizer = make_qwen_vl()
    with tempfile.TemporaryDirectory() as folder:
        processor = Qwen2VLProcessor.from_pretrained(tiny.save_qwen2_5_vl(pathlib.Path(folder)))
    transformer = LongCatImageTransformer2DModel(
        in_channels=64,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=16,
        pooled_projection_dim=16,
        axes_dims_rope=[4, 4, 8],
    )
    return {
        "scheduler": make_flow(),
        "vae": make_vae(channels=16),
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "text_processor": processor,
        "transformer": transformer,
    }


def make_cogvideox():
    from diffusers import AutoencoderKLCogVideoX, CogVideoXDDIMScheduler, CogVideoXTransformer3DModel

    text_encoder, tokenizer = make_t5()
    vae = AutoencoderKLCogVideoX(
        block_out_channels=(8, 8, 8, 8), latent_channels=4, layers_per_block=1, norm_num_groups=2
    )
    transformer = CogVideoXTransformer3DModel(
        num_attention_heads=2,
        attention_head_dim=8,
        in_channels=4,
        out_channels=4,
        time_embed_dim=8,
        text_embed_dim=16,
        num_layers=1,
        sample_width=4,
        sample_height=4,
        sample_frames=9,
        max_text_seq_length=226,
    )
    return {
        "tokenizer": tokenizer,
        "text_encoder": text_encoder,
        "vae": vae,
        "transformer": transformer,
        "scheduler": CogVideoXDDIMScheduler(),
    }


def make_text_to_video():
    from diffusers import DDIMScheduler, UNet3DConditionModel

    text_encoder, tokenizer = make_clip()
    unet = UNet3DConditionModel(
        block_out_channels=(8, 16),
        down_block_types=("CrossAttnDownBlock3D", "DownBlock3D"),
        up_block_types=("UpBlock3D", "CrossAttnUpBlock3D"),
        layers_per_block=1,
        cross_attention_dim=16,
        attention_head_dim=4,
        norm_num_groups=4,
        sample_size=8,
    )
    return {
        "vae": make_vae(),
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "unet": unet,
        "scheduler": DDIMScheduler(),
    }


def make_animatediff():
    from diffusers import DDIMScheduler, MotionAdapter

    adapter = MotionAdapter(
        block_out_channels=(8, 16),
        motion_layers_per_block=1,
        motion_norm_num_groups=2,
        motion_num_attention_heads=2,
        use_motion_mid_block=False,
    )
    text_encoder, tokenizer = make_clip()
    return {
        "vae": make_vae(),
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "unet": make_unet(),
        "motion_adapter": adapter,
        "scheduler": DDIMScheduler(),
    }


def make_flux2():
    from diffusers import AutoencoderKLFlux2, Flux2Transformer2DModel
    from transformers import Mistral3Config, Mistral3ForConditionalGeneration, PixtralProcessor
    from transformers.models.pixtral.image_processing_pil_pixtral import PixtralImageProcessorPil

    tokenizer = tiny.make_tokenizer(["[IMG]", "[IMG_BREAK]", "[IMG_END]"])
    tokenizer.chat_template = (
        "{% for message in messages %}{% for part in message['content'] %}{{ part['text'] }}{% endfor %}{% endfor %}"
    )
    processor = PixtralProcessor(
        PixtralImageProcessorPil(patch_size={"height": 14, "width": 14}),
        tokenizer,
        patch_size=14,
        chat_template=tokenizer.chat_template,
    )
    text = {
        **QWEN,
        "model_type": "mistral",
        "vocab_size": len(tokenizer),
        "num_hidden_layers": 30,  # the pipeline reads the layers 10, 20 and 30
        "head_dim": 8,
        "max_position_embeddings": 4096,
        "bos_token_id": None,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    vision = {"model_type": "pixtral", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    vision |= {"intermediate_size": 16, "image_size": 28, "patch_size": 14}
    config = Mistral3Config(text_config=text, vision_config=vision, image_token_id=0)
    transformer = Flux2Transformer2DModel(
        in_channels=16,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=48,
        timestep_guidance_channels=32,
        axes_dims_rope=[4, 4, 4, 4],
    )
    return {
        "scheduler": make_flow(),
        "vae": AutoencoderKLFlux2(
            block_out_channels=[8] * 4, layers_per_block=1, norm_num_groups=4, latent_channels=4, sample_size=32
        ),
        "text_encoder": Mistral3ForConditionalGeneration(config),
        "tokenizer": processor,
        "transformer": transformer,
    }


def make_qwen_image_21():
    from diffusers import AutoencoderKLQwenImage21, QwenImage21Transformer2DModel
    from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration, Qwen3VLProcessor, Qwen3VLVideoProcessor
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

    tokens = ("<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>")
    tokenizer = tiny.make_tokenizer(["<|im_start|>", *tokens])
    image, video, start, end = map(tokenizer.convert_tokens_to_ids, tokens)
    text = {
        **QWEN,
        "vocab_size": len(tokenizer),
        "num_hidden_layers": 2,
        "head_dim": 8,
        "max_position_embeddings": 4096,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [1, 1, 2]},
    }
    vision = {"depth": 1, "hidden_size": 16, "intermediate_size": 16, "num_heads": 2, "out_hidden_size": 16}
    config = Qwen3VLConfig(
        text_config=text,
        vision_config={**vision, "deepstack_visual_indexes": [0]},
        image_token_id=image,
        video_token_id=video,
        vision_start_token_id=start,
        vision_end_token_id=end,
    )
    processor = Qwen3VLProcessor(
        Qwen2VLImageProcessorPil(), tokenizer, Qwen3VLVideoProcessor(), chat_template=tiny.CHAT
    )
    channels = 4
    vae = AutoencoderKLQwenImage21(
        base_dim=8,
        decoder_base_dim=8,
        z_dim=channels,
        dim_mult=[1, 1, 1, 1, 1],
        num_res_blocks=1,
        latents_mean=[0.0] * channels,
        latents_std=[1.0] * channels,
    )
    transformer = QwenImage21Transformer2DModel(
        in_channels=channels,
        out_channels=channels,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        context_in_dim=16,
        axes_dims_rope=(4, 4, 8),
    )
    return {
        "scheduler": make_flow(),
        "vae": vae,
        "text_encoder": Qwen3VLForConditionalGeneration(config),
        "processor": processor,
        "transformer": transformer,
    }


def make_ltx2():
    from diffusers import AutoencoderKLLTX2Audio, AutoencoderKLLTX2Video, LTX2VideoTransformer3DModel
    from diffusers.pipelines.ltx2 import LTX2TextConnectors
    from diffusers.pipelines.ltx2.vocoder import LTX2Vocoder
    from transformers import Gemma3Config, Gemma3ForConditionalGeneration

    tokenizer = make_words()
    text = {**QWEN, "vocab_size": len(tokenizer), "num_hidden_layers": 2, "head_dim": 8}
    text |= {"max_position_embeddings": 2048, "sliding_window": 64}
    vision = {**tiny.VISION, "image_size": 28, "patch_size": 14}
    text_encoder = Gemma3ForConditionalGeneration(
        Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4, image_token_id=1)
    )
    sizes = {"num_attention_heads": 2, "attention_head_dim": 8, "cross_attention_dim": 16}
    transformer = LTX2VideoTransformer3DModel(
        in_channels=4,
        out_channels=4,
        audio_in_channels=4,
        audio_out_channels=4,
        num_layers=1,
        caption_channels=16,
        rope_double_precision=False,
        rope_type="split",
        **sizes,
        **{f"audio_{name}": size for name, size in sizes.items()},
    )
    connector = {"num_attention_heads": 2, "attention_head_dim": 8, "num_layers": 1}
    connectors = LTX2TextConnectors(
        caption_channels=16,
        text_proj_in_factor=3,  # the layers, and what is before them
        video_connector_num_learnable_registers=None,
        audio_connector_num_learnable_registers=None,
        connector_rope_base_seq_len=32,
        rope_double_precision=False,
        rope_type="split",
        **{f"{kind}_connector_{name}": size for kind in ("video", "audio") for name, size in connector.items()},
    )
    vae = AutoencoderKLLTX2Video(
        latent_channels=4,
        block_out_channels=(8,),
        decoder_block_out_channels=(8,),
        layers_per_block=(1,),
        decoder_layers_per_block=(1, 1),
        spatio_temporal_scaling=(True,),
        decoder_spatio_temporal_scaling=(True,),
        decoder_inject_noise=(False, False),
        downsample_type=("spatial",),
        upsample_residual=(False,),
        upsample_factor=(1,),
        patch_size=1,
        decoder_causal=False,
    )
    audio_vae = AutoencoderKLLTX2Audio(
        base_channels=4, ch_mult=(1,), num_res_blocks=1, resolution=32, latent_channels=2, mel_bins=8
    )
    vocoder = LTX2Vocoder(
        in_channels=16,
        hidden_channels=8,
        upsample_kernel_sizes=[4],
        upsample_factors=[2],
        resnet_kernel_sizes=[3],
        resnet_dilations=[[1, 3, 5]],
    )
    return {
        "scheduler": make_flow(),
        "vae": vae,
        "audio_vae": audio_vae,
        "text_encoder": text_encoder,
        "tokenizer": tokenizer,
        "connectors": connectors,
        "transformer": transformer,
        "vocoder": vocoder,
    }


def make_glm_image():
    from diffusers import GlmImageTransformer2DModel
    from transformers import GlmImageConfig, GlmImageForConditionalGeneration, GlmImageProcessor
    from transformers.models.glm_image.image_processing_pil_glm_image import GlmImageImageProcessorPil

    specials = {"image_token": "<|image|>", "grid_bos_token": "<sop>", "grid_eos_token": "<eop>"}
    tokenizer = tiny.make_tokenizer([*specials.values(), "<|dit|>", "<|end|>"])
    for name, token in specials.items():
        setattr(tokenizer, name, token)
    tokenizer.bos_token = "<|dit|>"
    tokenizer.init_kwargs["model_specific_special_tokens"] = specials
    processor = GlmImageProcessor(GlmImageImageProcessorPil(), tokenizer, chat_template=tiny.CHAT)
    text = {**QWEN, "vocab_size": len(tokenizer), "vision_vocab_size": 64, "num_hidden_layers": 2}
    text |= {"max_position_embeddings": 2048, "eos_token_id": tokenizer.eos_token_id}
    text |= {"pad_token_id": tokenizer.pad_token_id, "rope_parameters": {"mrope_section": (1, 1, 2)}}
    vision = {**tiny.VISION, "depth": 1, "num_heads": 2, "image_size": 32, "patch_size": 8}
    config = GlmImageConfig(
        text_config=text,
        vision_config=vision,
        vq_config={"embed_dim": 16, "num_embeddings": 64, "latent_channels": 16},
        image_token_id=tokenizer.convert_tokens_to_ids("<|image|>"),
        image_start_token_id=tokenizer.bos_token_id,
        image_end_token_id=tokenizer.convert_tokens_to_ids("<|end|>"),
    )
    text_encoder, byt5 = make_byt5()
    transformer = GlmImageTransformer2DModel(
        in_channels=4,
        out_channels=4,
        num_layers=1,
        attention_head_dim=8,
        num_attention_heads=2,
        text_embed_dim=16,
        time_embed_dim=16,
        condition_dim=8,
        prior_vq_quantizer_codebook_size=64,
    )
    vae = make_vae()
    vae.register_to_config(latents_mean=[0.0] * 4, latents_std=[1.0] * 4)
    return {
        "tokenizer": byt5,
        "processor": processor,
        "text_encoder": text_encoder,
        "vision_language_encoder": GlmImageForConditionalGeneration(config),
        "vae": vae,
        "transformer": transformer,
        "scheduler": make_flow(),
    }


MAKERS = {
    "GlmImagePipeline": make_glm_image,
    "LTX2Pipeline": make_ltx2,
    "AnimateDiffPipeline": make_animatediff,
    "Flux2Pipeline": make_flux2,
    "QwenImage21Pipeline": make_qwen_image_21,
    "TextToVideoZeroPipeline": lambda: drop_key(make_checked(2.0), "requires_safety_checker"),
    "CogVideoXPipeline": make_cogvideox,
    "Flux2KleinPipeline": make_flux2_klein,
    "FluxPipeline": make_flux,
    "HunyuanImagePipeline": make_hunyuan_image,
    "HunyuanVideo15Pipeline": make_hunyuan_video,
    "LongCatImagePipeline": make_longcat,
    "PixArtAlphaPipeline": make_pixart,
    "PixArtSigmaPipeline": make_pixart,
    "QwenImagePipeline": make_qwen_image,
    "SanaPipeline": make_sana,
    "StableDiffusion3Pipeline": make_sd3,
    "StableDiffusionPipeline": make_stable_diffusion,
    "StableDiffusionXLPipeline": make_sdxl,
    "TextToVideoSDPipeline": make_text_to_video,
    "WanPipeline": make_wan,
    "ZImagePipeline": make_z_image,
}
"""What makes the components of a pipeline, by its class."""
