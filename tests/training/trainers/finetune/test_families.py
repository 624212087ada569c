"""How each class of pipelines is trained: as its own `__call__` asks its denoiser, and as diffusers' scripts do.

The losses are computed here a second time from the formulas of diffusers' `train_dreambooth_lora_{sd3,flux,
flux2_klein,z_image,qwen_image}.py`, with the same pictures, noise and timesteps.
"""

import math

import diffusers
import pytest
import tiny_pipelines
import torch
from generate_any_scene.training.recipes.finetune import Finetune, Flow
from generate_any_scene.training.trainers.finetune.families import FAMILIES, Question
from generate_any_scene.training.trainers.finetune.loading import load_model
from generate_any_scene.training.trainers.finetune.losses import compute_loss, draw_time
from generate_any_scene.training.trainers.finetune.samples import encode_batch, encode_captions
from PIL import Image

CAPTIONS = ["a red circle", "two blue squares, side by side"]
FLOWS = [name for name, family in FAMILIES.items() if family.is_flow]
SIDE = 32


@pytest.fixture(scope="module")
def open_model(tmp_path_factory):
    """Loads the tiny pipeline of a class as a training does."""
    folder = tmp_path_factory.mktemp("pipelines")
    loaded = {}

    def open_one(name):
        if name not in loaded:
            path = tiny_pipelines.save_pipeline(name, folder / name)
            keys = {"name": "tiny", "kind": "finetune", "data": {"path": "x"}, "max_steps": 1, "method": "full"}
            recipe = Finetune.model_validate({**keys, "model": str(path), "resolution": SIDE})
            loaded[name] = load_model(recipe, torch.device("cpu"))
        return loaded[name]

    return open_one


def draw(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def make_batch(model):
    side = SIDE // model.pipeline.vae_scale_factor
    channels = getattr(model.pipeline.vae.config, "latent_channels", None) or model.pipeline.vae.config.z_dim
    return {
        "caption": CAPTIONS,
        "pixels": draw(2, 3, SIDE, SIDE).clamp(-1, 1),
        "sizes": torch.tensor([[SIDE, SIDE, 0, 0, SIDE, SIDE]] * 2),
        "time": torch.tensor([0.3, 0.80051]),
        "noise": draw(2, channels, side, side, seed=1),
        "vae_noise": draw(2, channels, side, side, seed=2),
    }


def record_calls(model, monkeypatch):
    """What the denoiser is called with, and what it says, from now on."""
    calls, kind = [], type(model.denoiser)
    forward = kind.forward

    def recording(self, *arguments, **keys):
        said = forward(self, *arguments, **keys)
        calls.append((arguments, keys, said))
        return said

    monkeypatch.setattr(kind, "forward", recording)
    return calls


def flatten(value):
    """All tensors in something, in their order."""
    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        return [one for name in sorted(value) for one in flatten(value[name])]
    return [one for some in value for one in flatten(some)] if isinstance(value, list | tuple) else []


@pytest.mark.parametrize("name", FAMILIES)
def test_a_denoiser_is_asked_as_its_own_pipeline_asks_it(name, open_model, monkeypatch):
    """Of the pipeline's first step: the same inputs but for those that are 1 and 0 there, and the same answer."""
    model = open_model(name)
    pipeline = model.pipeline
    calls = record_calls(model, monkeypatch)
    guidance = {} if name == "QwenImagePipeline" else {"guidance_scale": 3.5 if name == "FluxPipeline" else 0.0}
    seen = {}

    def watch(pipeline, step, timestep, tensors):
        seen["timestep"] = timestep
        return {}

    side = SIDE // pipeline.vae_scale_factor
    channels = getattr(pipeline.vae.config, "latent_channels", None) or pipeline.vae.config.z_dim
    pipeline(
        prompt=CAPTIONS, height=SIDE, width=SIDE, num_inference_steps=1, output_type="latent",
        generator=torch.Generator().manual_seed(0), callback_on_step_end=watch, **guidance,
    )  # fmt: skip
    arguments, keys, answer = calls[-1]
    # The pipeline draws noise of the latents' shape, or of their packed patches' one.
    chance = torch.Generator().manual_seed(0)
    if name == "Flux2KleinPipeline":
        patches = torch.randn(2, channels * 4, side // 2, side // 2, generator=chance)
        noisy = diffusers.Flux2KleinPipeline._unpatchify_latents(patches)
    elif name == "QwenImagePipeline":
        noisy = torch.randn(2, 1, channels, side, side, generator=chance).squeeze(1)
    else:
        noisy = torch.randn(2, channels, side, side, generator=chance)
    if not model.family.is_flow:
        pipeline.scheduler.set_timesteps(1)
        noisy = pipeline.scheduler.scale_model_input(noisy * pipeline.scheduler.init_noise_sigma, seen["timestep"])
    asked = Question(
        noisy=noisy,
        timesteps=seen["timestep"].expand(2),
        text=encode_captions(model, CAPTIONS),
        sizes=torch.tensor([[SIDE, SIDE, 0, 0, SIDE, SIDE]] * 2),
        guidance=torch.full((2,), 3.5) if name == "FluxPipeline" else None,
    )
    with torch.no_grad():
        model.family.predict(model.denoiser, asked)
    ours, our_keys, said = calls[-1]
    if name in FLOWS:
        keys.pop("joint_attention_kwargs", None), keys.pop("attention_kwargs", None)
        pairs = zip(flatten([arguments, keys]), flatten([ours, our_keys]), strict=True)
        assert all(torch.allclose(theirs.float(), own.float(), atol=1e-6) for theirs, own in pairs)
    pairs = zip(flatten(answer), flatten(said), strict=True)
    assert all(torch.allclose(theirs, own, atol=1e-5) for theirs, own in pairs)


@pytest.mark.parametrize("name", FAMILIES)
def test_latents_are_what_the_pipeline_decodes(name, open_model, monkeypatch):
    """What the pipeline hands its VAE for latents that encode a picture is what the VAE made of that picture."""
    model = open_model(name)
    batch = make_batch(model)
    encoded = encode_batch(model, batch)
    vae, pipeline, mean = model.pipeline.vae, model.pipeline, encoded["mean"]
    with torch.no_grad():
        pixels = batch["pixels"].unsqueeze(2) if model.family.has_frames else batch["pixels"]
        raw = vae.encode(pixels).latent_dist.mode()
    given = []
    monkeypatch.setattr(vae, "decode", lambda latents, **keys: (given.append(latents), (pixels,))[1])
    packed = {
        "FluxPipeline": lambda: diffusers.FluxPipeline._pack_latents(mean, *mean.shape),
        "QwenImagePipeline": lambda: diffusers.QwenImagePipeline._pack_latents(mean, *mean.shape),
        "Flux2KleinPipeline": lambda: diffusers.Flux2KleinPipeline._patchify_latents(mean),
    }.get(name, lambda: mean)()
    # A step that leaves latents as they are.
    monkeypatch.setattr(type(pipeline.scheduler), "step", lambda self, said, t, latents, **keys: (latents,))
    monkeypatch.setattr(type(pipeline.scheduler), "init_noise_sigma", 1.0, raising=False)
    guidance = {} if name == "QwenImagePipeline" else {"guidance_scale": 0.0}
    pipeline(
        prompt=CAPTIONS, height=SIDE, width=SIDE, num_inference_steps=1, latents=packed, output_type="pt", **guidance
    )
    assert torch.allclose(given[0], raw, atol=1e-5)
    assert ("deviation" in encoded) == model.family.is_drawn


def compute_script_loss(model, batch, flow):
    """The loss of diffusers' script for a class, from its formula."""
    name, vae, transformer = type(model.pipeline).__name__, model.pipeline.vae, model.denoiser
    scheduler, kind = model.scheduler, type(model.pipeline)
    noise, size = batch["noise"], len(CAPTIONS)
    pixels = batch["pixels"]
    with torch.no_grad():
        if name == "QwenImagePipeline":
            drawn = vae.encode(pixels.unsqueeze(2)).latent_dist
            latents = drawn.mean + drawn.std * batch["vae_noise"].unsqueeze(2)
            mean, std = (
                torch.tensor(one).view(1, -1, 1, 1, 1) for one in (vae.config.latents_mean, vae.config.latents_std)
            )
            latents, noise = (latents - mean) * (1 / std), noise.unsqueeze(2)
        elif name == "Flux2KleinPipeline":
            latents, noise = (kind._patchify_latents(one) for one in (vae.encode(pixels).latent_dist.mode(), noise))
            bn_std = torch.sqrt(vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps)
            latents = (latents - vae.bn.running_mean.view(1, -1, 1, 1)) / bn_std
        else:
            drawn = vae.encode(pixels).latent_dist
            latents = drawn.mode() if name == "ZImagePipeline" else drawn.mean + drawn.std * batch["vae_noise"]
            latents = (latents - vae.config.shift_factor) * vae.config.scaling_factor
    indices = (batch["time"] * scheduler.config.num_train_timesteps).long()
    timesteps = scheduler.timesteps[indices]
    steps = [(scheduler.timesteps == t).nonzero().item() for t in timesteps]
    sigmas = scheduler.sigmas[steps].view(-1, *[1] * (latents.ndim - 1))
    noisy = (1.0 - sigmas) * latents + sigmas * noise
    height, width = latents.shape[-2:]
    encode = model.pipeline.encode_prompt
    if name == "StableDiffusion3Pipeline":
        states, _, pooled, _ = encode(CAPTIONS, None, None, do_classifier_free_guidance=False)
        said = transformer(noisy, states, pooled, timesteps, return_dict=False)[0]
    elif name == "FluxPipeline":
        states, pooled, ids = encode(CAPTIONS)
        said = transformer(
            hidden_states=kind._pack_latents(noisy, size, latents.shape[1], height, width),
            timestep=timesteps / 1000, guidance=torch.tensor([flow.guidance_scale]).expand(size),
            pooled_projections=pooled, encoder_hidden_states=states, txt_ids=ids,
            img_ids=kind._prepare_latent_image_ids(size, height // 2, width // 2, "cpu", torch.float32),
            return_dict=False,
        )[0]  # fmt: skip
        factor = model.pipeline.vae_scale_factor
        said = kind._unpack_latents(said, height * factor, width * factor, factor)
    elif name == "Flux2KleinPipeline":
        states, text_ids = encode(CAPTIONS)
        ids = kind._prepare_latent_ids(noisy)
        said = transformer(
            hidden_states=kind._pack_latents(noisy), timestep=timesteps / 1000, guidance=None,
            encoder_hidden_states=states, txt_ids=text_ids, img_ids=ids, return_dict=False,
        )[0]  # fmt: skip
        said = kind._unpack_latents_with_ids(said, ids)
    elif name == "ZImagePipeline":
        states, _ = encode(list(CAPTIONS), do_classifier_free_guidance=False)
        listed = list(noisy.unsqueeze(2).unbind(dim=0))
        said = -torch.stack(transformer(listed, (1000 - timesteps) / 1000, states, return_dict=False)[0]).squeeze(2)
    else:
        states, mask = encode(CAPTIONS)
        factor = model.pipeline.vae_scale_factor
        said = transformer(
            hidden_states=kind._pack_latents(noisy.permute(0, 2, 1, 3, 4), size, latents.shape[1], height, width),
            timestep=timesteps / 1000, encoder_hidden_states=states, encoder_hidden_states_mask=mask,
            img_shapes=[(1, height // 2, width // 2)] * size, return_dict=False,
        )[0]  # fmt: skip
        said = kind._unpack_latents(said, height * factor, width * factor, factor)
    if flow.precondition_outputs:
        said, target = said * (-sigmas) + noisy, latents
    else:
        target = noise - latents
    if flow.weighting_scheme == "sigma_sqrt":
        weights = (sigmas**-2.0).float()
    elif flow.weighting_scheme == "cosmap":
        weights = 2 / (math.pi * (1 - 2 * sigmas + 2 * sigmas**2))
    else:
        weights = torch.ones_like(sigmas)
    return (weights * (said - target) ** 2).reshape(size, -1).mean(1).mean()


FORMULAS = [
    {"weighting_scheme": "none"},
    {"weighting_scheme": "sigma_sqrt", "guidance_scale": 1.0},
    {"weighting_scheme": "cosmap", "precondition_outputs": True},
]


@pytest.mark.parametrize("name", FLOWS)
def test_a_flow_s_loss_is_that_of_diffusers_script(name, open_model):
    model = open_model(name)
    batch, losses = make_batch(model), []
    for keys in FORMULAS:
        flow = Flow(**keys)
        guided = getattr(model.denoiser.config, "guidance_embeds", False)
        with torch.no_grad():
            encoded = encode_batch(model, batch)
            loss = compute_loss(model.family, model.scheduler, model.denoiser, encoded, flow, guided=guided)
            assert loss.item() == pytest.approx(compute_script_loss(model, batch, flow).item(), rel=1e-5)
        losses.append(loss.item())
    assert len({round(loss, 6) for loss in losses}) == 3


def test_times_are_drawn_as_diffusers_scripts_draw_them():
    for flow in (Flow(logit_mean=0.5, logit_std=0.7), Flow(weighting_scheme="mode"), Flow(weighting_scheme="none")):
        chance = torch.Generator().manual_seed(1)
        if flow.weighting_scheme == "logit_normal":
            expected = torch.sigmoid(torch.normal(0.5, 0.7, (1,), generator=chance))
        else:
            expected = torch.rand(1, generator=chance)
        if flow.weighting_scheme == "mode":
            expected = 1 - expected - 1.29 * (torch.cos(math.pi * expected / 2) ** 2 - 1 + expected)
        assert torch.equal(draw_time(flow, torch.Generator().manual_seed(1)), expected[0])


def test_what_sdxl_is_told_of_a_picture_is_how_it_was_cut(open_model):
    from generate_any_scene.training.trainers.finetune.samples import read_picture

    image = Image.new("RGB", (100, 61), "black")
    image.putpixel((50, 30), (255, 255, 255))
    found = read_picture({"image": image}, 0, open_model("StableDiffusionXLPipeline").pipeline.image_processor, 32)
    # 100 x 61 is scaled to 52 x 32, of which 10 columns are cut on the left.
    assert found["sizes"].tolist() == [61, 100, 0, 10, 32, 32]
    assert found["pixels"].shape == (3, 32, 32)
