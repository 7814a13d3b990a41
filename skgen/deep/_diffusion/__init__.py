"""Parts of the diffusion model: schedule, denoiser, sampler, guidance, and the flow whose law is scored."""
