"""What a training recipe may say, and reading one; nothing here imports torch.

A file is a kind of training, and its class of the same name (`finetune.py`, `Finetune`) the model of the kind's
recipes; `common.py` has what kinds share. A model's fields of the types `Rows` and `Data` say where rows come from.

Others take `load_training`, `LoadedTraining`, `dump_training`, `KINDS` (`loading.py`), `Training`
(`common.py`) and the model of a kind.
"""
