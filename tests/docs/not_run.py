"""The code of pages that tests do not run, each with the reason. All other code of pages is run."""

INSTALLS = "installs packages, or sets up a machine; .ci/run installs as the README says"
HUB = "asks the Hugging Face Hub; tests/builders/hub runs it against a Hub of the tests"
WEIGHTS = "needs the weights of a model; tests/training runs it with tiny ones"
CLUSTER = "needs a cluster, a store or a server; tests/builders/build runs it against those of the tests"
MINUTES = "trains for minutes; tests/training runs it smaller"
OWN = "goes on with what the reader's own program has"
CHECKOUT = "works on the repository itself, or is one of the checks that run this"
RESULTS = "reads results of an evaluation that the reader made; tests/training/evaluation runs it on such results"

COMMANDS = {
    r"^(pip|npm|apt-get|python -m venv|mkdir|cd|hf auth)\b": INSTALLS,
    r"^\. \.venv": INSTALLS,
    r"^(OMP_NUM_THREADS=1 )?(make|pytest|python tests/|python docs/|python \.ci/|git) ?": CHECKOUT,
    r"^mlcroissant ": "is a program of others; tests/builders/croissant runs its library",
    r"^gas push ": HUB,
    r"^inspect eval ": "is a program of others; tests/training/exam runs it",
    r"^gas decontaminate .*--benchmarks": "wants files of benchmarks; tests/builders/decontaminate has some",
    r"^gas diff gas me/scenes": HUB,
    r"^gas build .*(s3|hf)://": CLUSTER,
    r"^hf buckets create ": HUB,
    r"^gas build .*(--engine ray|splits\.train=1000000)": CLUSTER,
    r"^(VLLM_SERVER_DEV_MODE=1 )?(accelerate|torchrun|vllm) ": CLUSTER,
    r"^lora=": OWN,
    r"^(OMP_NUM_THREADS=1 )?gas (train|calibrate) ": MINUTES,
    r"^gas evaluate (?!--plan)": WEIGHTS,
    r"^gas mine ": RESULTS,
    r"^(gas serve|curl) ": "serves until it is stopped, or asks what serves; tests/training/serving does both",
    r"^gas explore": "opens a browser and serves until it is stopped; tests/builders/explorer drives it",
}
"""Commands, by a pattern of their line."""

BLOCKS = {
    r"GRPOTrainer\(": OWN,
    r"^reward = gas\.rewards\.answers\(gas\.judges\.load\(\"http": OWN,
    r"^pipeline\.load_lora_weights": OWN,
    r"me/pets": HUB,
    r"\.push\(": HUB,
    r"Qwen/Qwen": WEIGHTS,
    r"runs/detector_dinov3": WEIGHTS,
    r"EndpointJudge\(\"http": CLUSTER,
    r"judge_questions\(judge, images": OWN,
    r"predictions=images": OWN,
    r"runs/sandbox_selection": MINUTES,
    r"^from verl_omni": "needs a package of others; tests/peers runs its parts",
}
"""Blocks of Python, by a pattern of their text."""
