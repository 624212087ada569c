"""What differs between the pipelines of diffusers when they are trained: a table with one entry for each class.

All are trained by one path. A picture becomes latents, of shape (channels, height, width) and centered and scaled as
the pipeline has them; noise is added; the denoiser says what it takes the noise, or the flow from picture to noise,
for. An entry says how the class encodes pictures and captions and how it asks its denoiser, which is what its
`__call__` does and what diffusers' own training scripts do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from diffusers import Flux2KleinPipeline, FluxPipeline, QwenImagePipeline
from torch import Tensor

Text: TypeAlias = Mapping[str, Tensor]
"""What a text encoder makes of one caption, by name, without the dimension of the batch."""
ATTENTION = ["to_k", "to_q", "to_v", "to_out.0"]
JOINT = ["add_k_proj", "add_q_proj", "add_v_proj", "to_add_out"]


@dataclass(frozen=True)
class Question:
    """What a denoiser is asked about pictures with noise, all on its device.

    Attributes:
        noisy: Latents with noise, (batch, channels, height, width).
        timesteps: As the scheduler has them, 0 to 1,000, (batch,).
        text: Of each picture's caption.
        sizes: Of each picture: height and width as it came, top and left of what was cut out, height and width of
            that; (batch, 6).
        guidance: What a denoiser that was distilled from guidance is told, (batch,); None for others.
    """

    noisy: Tensor
    timesteps: Tensor
    text: Sequence[Text]
    sizes: Tensor
    guidance: Tensor | None = None

    def stack(self, name: str) -> Tensor:
        """What text encoders made of all captions, where that has one length."""
        return torch.stack([one[name] for one in self.text])


Encode: TypeAlias = Callable[[Any, list[str], Mapping[str, Any]], Sequence[Text]]
"""Makes of a pipeline, captions, a `device` and perhaps a `max_sequence_length` what the denoiser reads of each."""


@dataclass(frozen=True)
class Family:
    """How a class of pipelines is trained.

    Attributes:
        denoiser: The component that is trained.
        layers: Those that get an adapter if `lora` does not say, as `target_modules` of peft: those of diffusers' own
            LoRA script.
        encode_captions: See `Encode`.
        predict: What the denoiser says, of the shape of `noisy`.
        normalize: Centers and scales latents as the denoiser has them, by what the VAE knows.
        is_flow: Whether it predicts the flow from picture to noise (Lipman et al. 2023; Esser et al. 2024), and not
            the noise alone.
        is_drawn: Whether latents are drawn from what the VAE says of a picture, or are the likeliest ones.
        patch: Latents on a side that are one token: a picture's side is a multiple of as many.
        has_frames: Whether the VAE is one of videos, of which a picture is a frame.
    """

    denoiser: str
    layers: list[str] | str
    encode_captions: Encode
    predict: Callable[[Any, Question], Tensor]
    normalize: Callable[[Any, Tensor], Tensor]
    is_flow: bool = True
    is_drawn: bool = True
    patch: int = 1
    has_frames: bool = False


# Latents.


def scale(vae: Any, latents: Tensor) -> Tensor:
    """By the VAE's config; a shift that it may have is left out, too, when UNets' latents are decoded."""
    return latents * vae.config.scaling_factor


def shift_and_scale(vae: Any, latents: Tensor) -> Tensor:
    """By the VAE's config."""
    return (latents - vae.config.shift_factor) * vae.config.scaling_factor


def normalize_channels(vae: Any, latents: Tensor) -> Tensor:
    """By the mean and the standard deviation of each channel."""
    mean, deviation = (
        torch.tensor(values, device=latents.device).view(1, -1, 1, 1)
        for values in (vae.config.latents_mean, vae.config.latents_std)
    )
    return (latents - mean) / deviation


def normalize_patches(vae: Any, latents: Tensor) -> Tensor:
    """By the statistics of patches of 2 x 2 that the VAE's batch norm holds."""
    mean = vae.bn.running_mean.float().view(1, -1, 1, 1)
    deviation = torch.sqrt(vae.bn.running_var.float().view(1, -1, 1, 1) + vae.config.batch_norm_eps)
    patches = (Flux2KleinPipeline._patchify_latents(latents) - mean) / deviation
    return Flux2KleinPipeline._unpatchify_latents(patches)


# Captions.


def _split(**parts: Tensor) -> list[Text]:
    """Of what was encoded together, each caption's own."""
    return [dict(zip(parts, some, strict=True)) for some in zip(*parts.values(), strict=True)]


def _encode_clip(pipeline: Any, captions: list[str], options: Mapping[str, Any]) -> list[Text]:
    states, _ = pipeline.encode_prompt(captions, num_images_per_prompt=1, do_classifier_free_guidance=False, **options)
    return _split(states=states)


def _encode_sdxl(pipeline: Any, captions: list[str], options: Mapping[str, Any]) -> list[Text]:
    states, _, pooled, _ = pipeline.encode_prompt(captions, do_classifier_free_guidance=False, **options)
    return _split(states=states, pooled=pooled)


def _encode_sd3(pipeline: Any, captions: list[str], options: Mapping[str, Any]) -> list[Text]:
    encoded = pipeline.encode_prompt(captions, None, None, do_classifier_free_guidance=False, **options)
    return _split(states=encoded[0], pooled=encoded[2])


def _encode_flux(pipeline: Any, captions: list[str], options: Mapping[str, Any]) -> list[Text]:
    states, pooled, _ = pipeline.encode_prompt(captions, **options)
    return _split(states=states, pooled=pooled)


def _encode_flux2(pipeline: Any, captions: list[str], options: Mapping[str, Any]) -> list[Text]:
    states, ids = pipeline.encode_prompt(captions, **options)
    return _split(states=states, ids=ids)


def _encode_z_image(pipeline: Any, captions: list[str], options: Mapping[str, Any]) -> list[Text]:
    states, _ = pipeline.encode_prompt(captions, do_classifier_free_guidance=False, **options)
    return [{"states": one} for one in states]


def _encode_qwen(pipeline: Any, captions: list[str], options: Mapping[str, Any]) -> list[Text]:
    states, mask = pipeline.encode_prompt(captions, **options)
    return [{"states": one if mask is None else one[mask[row].bool()]} for row, one in enumerate(states)]


# Denoisers.


def _ask_unet(unet: Any, asked: Question) -> Tensor:
    return unet(asked.noisy, asked.timesteps, asked.stack("states"), return_dict=False)[0]


def _ask_sdxl(unet: Any, asked: Question) -> Tensor:
    added = {"text_embeds": asked.stack("pooled"), "time_ids": asked.sizes.to(asked.noisy.dtype)}
    states = asked.stack("states")
    return unet(asked.noisy, asked.timesteps, states, added_cond_kwargs=added, return_dict=False)[0]


def _ask_sd3(transformer: Any, asked: Question) -> Tensor:
    return transformer(
        hidden_states=asked.noisy,
        timestep=asked.timesteps,
        encoder_hidden_states=asked.stack("states"),
        pooled_projections=asked.stack("pooled"),
        return_dict=False,
    )[0]


def _ask_flux(transformer: Any, asked: Question) -> Tensor:
    batch, channels, height, width = asked.noisy.shape
    states, like = asked.stack("states"), {"device": asked.noisy.device, "dtype": asked.noisy.dtype}
    said = transformer(
        hidden_states=FluxPipeline._pack_latents(asked.noisy, batch, channels, height, width),
        timestep=asked.timesteps / 1000,
        guidance=asked.guidance,
        pooled_projections=asked.stack("pooled"),
        encoder_hidden_states=states,
        txt_ids=torch.zeros(states.shape[1], 3, **like),
        img_ids=FluxPipeline._prepare_latent_image_ids(batch, height // 2, width // 2, **like),
        return_dict=False,
    )[0]
    return FluxPipeline._unpack_latents(said, height, width, 1)


def _ask_flux2(transformer: Any, asked: Question) -> Tensor:
    patches = Flux2KleinPipeline._patchify_latents(asked.noisy)
    ids = Flux2KleinPipeline._prepare_latent_ids(patches).to(patches.device)
    said = transformer(
        hidden_states=Flux2KleinPipeline._pack_latents(patches),
        timestep=asked.timesteps / 1000,
        guidance=asked.guidance,
        encoder_hidden_states=asked.stack("states"),
        txt_ids=asked.stack("ids"),
        img_ids=ids,
        return_dict=False,
    )[0]
    return Flux2KleinPipeline._unpatchify_latents(said.transpose(1, 2).reshape(patches.shape))


def _ask_z_image(transformer: Any, asked: Question) -> Tensor:
    """Its time runs from noise to picture, and so does the flow that it says."""
    pictures = list(asked.noisy.unsqueeze(2).unbind())
    states = [one["states"] for one in asked.text]
    said = transformer(pictures, (1000 - asked.timesteps) / 1000, states, return_dict=False)[0]
    return -torch.stack(said).squeeze(2)


def _ask_qwen(transformer: Any, asked: Question) -> Tensor:
    batch, channels, height, width = asked.noisy.shape
    states = [one["states"] for one in asked.text]
    lengths = [len(one) for one in states]
    places = torch.arange(max(lengths), device=asked.noisy.device)
    mask = places < torch.tensor(lengths, device=asked.noisy.device)[:, None]
    said = transformer(
        hidden_states=QwenImagePipeline._pack_latents(asked.noisy, batch, channels, height, width),
        timestep=asked.timesteps / 1000,
        guidance=asked.guidance,
        encoder_hidden_states=torch.nn.utils.rnn.pad_sequence(states, batch_first=True),
        encoder_hidden_states_mask=None if min(lengths) == max(lengths) else mask.long(),
        img_shapes=[[(1, height // 2, width // 2)]] * batch,
        return_dict=False,
    )[0]
    return QwenImagePipeline._unpack_latents(said, height, width, 1).squeeze(2)


FAMILIES: Mapping[str, Family] = {
    "StableDiffusionPipeline": Family("unet", ATTENTION, _encode_clip, _ask_unet, scale, is_flow=False),
    "StableDiffusionXLPipeline": Family("unet", ATTENTION, _encode_sdxl, _ask_sdxl, scale, is_flow=False),
    "StableDiffusion3Pipeline": Family(
        "transformer", [f"attn.{layer}" for layer in (*JOINT, *ATTENTION)], _encode_sd3, _ask_sd3, shift_and_scale,
        patch=2,
    ),
    "FluxPipeline": Family(
        "transformer",
        [f"attn.{layer}" for layer in (*ATTENTION, *JOINT)]
        + [f"{part}.net.{layer}" for part in ("ff", "ff_context") for layer in ("0.proj", "2")],
        _encode_flux, _ask_flux, shift_and_scale, patch=2,
    ),
    "Flux2KleinPipeline": Family(
        "transformer",
        r".*\.(to_k|to_q|to_v|to_out\.0|to_qkv_mlp_proj)|single_transformer_blocks\.\d+\.attn\.to_out",
        _encode_flux2, _ask_flux2, normalize_patches, is_drawn=False, patch=2,
    ),
    "ZImagePipeline": Family(
        "transformer", ATTENTION, _encode_z_image, _ask_z_image, shift_and_scale, is_drawn=False, patch=2
    ),
    "QwenImagePipeline": Family(
        "transformer", ATTENTION, _encode_qwen, _ask_qwen, normalize_channels, patch=2, has_frames=True
    ),
}  # fmt: skip
"""By the class's name."""


def count_pixels(family: Family, vae_config: Mapping[str, Any]) -> int:
    """How many pixels on a side the sides of pictures are multiples of."""
    return count_pixels_of_latent(family, vae_config) * family.patch


def count_pixels_of_latent(family: Family, vae_config: Mapping[str, Any]) -> int:
    """How many pixels on a side are one latent."""
    down = vae_config.get("temperal_downsample") if family.has_frames else None
    return 2 ** (len(down) if down is not None else len(vae_config["block_out_channels"]) - 1)


def count_channels(vae_config: Mapping[str, Any]) -> int:
    """Channels of latents."""
    return vae_config.get("latent_channels") or vae_config["z_dim"]


@torch.no_grad()
def encode_pictures(family: Family, vae: Any, pixels: Tensor) -> dict[str, Tensor]:
    """What the denoiser's latents of pictures are drawn from: `mean` and, unless the mean is taken, `deviation`.

    Args:
        family: Of the pipeline.
        vae: Its VAE.
        pixels: From -1 to 1, (batch, 3, height, width).
    """
    pixels = pixels.to(vae.device, vae.dtype)
    drawn = vae.encode(pixels.unsqueeze(2) if family.has_frames else pixels).latent_dist
    parts = {"mean": drawn.mean, "deviation": drawn.std} if family.is_drawn else {"mean": drawn.mean}
    values = {name: part.float().squeeze(2) if family.has_frames else part.float() for name, part in parts.items()}
    encoded = {name: family.normalize(vae, value) for name, value in values.items()}
    if family.is_drawn:  # what is a distance is scaled, but not centered
        encoded["deviation"] -= family.normalize(vae, torch.zeros_like(values["deviation"]))
    return encoded
