"""Parts of `GAN`: columns as cells and scores, the two nets, losses, calibration of the marginals."""
