"""The parts of the autoregressive network: codes of columns, masks, the net, drawing along the order."""
