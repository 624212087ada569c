"""Writes a package `vllm` that has what TRL imports of the real one, and samples by transformers on a CPU.

It takes the arguments that vLLM 0.31 takes and no others. Ids are restricted and log-probabilities computed as vLLM's
sampler does: on logits whose other ids are -inf, and of what was sampled from (`processed_logprobs`).
"""

ENGINE = """
from dataclasses import dataclass
import json, os, torch
from transformers import AutoModelForCausalLM

@dataclass
class SamplingParams:
    n: int = 1
    repetition_penalty: float = 1.0
    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    max_tokens: int = 16
    logprobs: int | None = None
    seed: int | None = None
    ignore_eos: bool = False
    detokenize: bool = True
    allowed_token_ids: list[int] | None = None

@dataclass
class Logprob:
    logprob: float
    rank: int = 1

@dataclass
class Completion:
    token_ids: list[int]
    logprobs: list[dict[int, Logprob]]

@dataclass
class RequestOutput:
    prompt_token_ids: list[int]
    outputs: list[Completion]

class LLM:
    def __init__(self, model, **options):
        with open(os.environ["VLLM_STANDIN_LOG"], "a") as file:
            print(json.dumps({"model": model, **options}), file=file)
        self.network = AutoModelForCausalLM.from_pretrained(model).eval()
        # The way to the weights that TRL goes.
        self.llm_engine = self.model_executor = self.driver_worker = self.model_runner = self.model = self

    def load_weights(self, weights):
        there = dict(self.network.named_parameters())
        for name, weight in weights:
            there[name].data.copy_(weight)

    def reset_prefix_cache(self):
        pass

    @torch.no_grad()
    def generate(self, prompts, sampling_params, use_tqdm):
        return [self.complete(prompt["prompt_token_ids"], sampling_params) for prompt in prompts]

    def complete(self, prompt, params):
        assert params.ignore_eos and not params.detokenize and params.n == 1
        closed = torch.ones(self.network.config.vocab_size, dtype=torch.bool)
        closed[params.allowed_token_ids or slice(None)] = False
        ids, steps = list(prompt), []
        while len(steps) < params.max_tokens:
            logits = self.network(torch.tensor([ids])).logits[0, -1].masked_fill(closed, float("-inf"))
            shares = (logits / params.temperature).log_softmax(-1)
            ids.append(int(torch.multinomial(shares.exp(), 1)))
            steps.append({ids[-1]: Logprob(float(shares[ids[-1]]))})
        return RequestOutput(prompt, [Completion(ids[len(prompt):], steps)])
"""
FILES = {
    "vllm/__init__.py": ENGINE,
    "vllm/sampling_params.py": "class StructuredOutputsParams: pass",
    "vllm/utils/__init__.py": "",
    "vllm/utils/network_utils.py": "def get_ip(): return '127.0.0.1'",
    "vllm/distributed/__init__.py": "",
    "vllm/distributed/weight_transfer/__init__.py": "",
    "vllm/distributed/weight_transfer/nccl_common.py": "def trainer_init(info): raise NotImplementedError",
    "vllm/distributed/weight_transfer/packed_tensor.py": "def packed_nccl_broadcast_producer(**_): raise OSError",
}


def write_standin(folder, version="0.31.0"):
    """Writes it into a folder for `PYTHONPATH`, and gives the folder."""
    about = f"Metadata-Version: 2.1\nName: vllm\nVersion: {version}\n"
    files = {**FILES, f"vllm-{version}.dist-info/METADATA": about, f"vllm-{version}.dist-info/top_level.txt": "vllm\n"}
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder
