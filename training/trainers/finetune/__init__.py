"""Fine-tuning of a diffusion model on pictures and captions."""
