"""EncoderDecoder: the nets between rows and latent places that both autoencoders have."""

from __future__ import annotations

from torch import nn

from .._blocks import ACTIVATIONS, mlp
from .._embedding import EventEmbedding
from .._heads import EventHeads


class EncoderDecoder(nn.Module):
    """Rows of events to numbers, and latent places to the laws of rows.

    Parameters
    ----------
    events : TableEvents
        The events of all columns.
    conditions : list of int
        Columns that are always given, which both nets read and the heads leave out.
    latent_dim : int
        Latent coordinates.
    n_out : int
        Numbers that the encoder puts out.
    hidden_layer_sizes : list of int
        Widths of the encoder's hidden layers; the decoder's are the same backwards.
    n_mixtures : int
        Logistic laws in a number's mixture.
    activation : str
        A key of `ACTIVATIONS`.
    """

    def __init__(self, events, conditions, latent_dim, n_out, hidden_layer_sizes, n_mixtures, activation):
        super().__init__()
        columns, widths = range(len(events.columns)), list(hidden_layer_sizes)
        if not widths or min(widths) < 1:
            raise ValueError(f"hidden_layer_sizes must hold one or more positive widths, got {hidden_layer_sizes!r}.")
        self.activation = ACTIVATIONS[activation]()
        self.embedding = EventEmbedding(events, columns, widths[0])
        self.encoder = mlp(widths[0], widths[1:], n_out, activation)
        self.latent = nn.Linear(latent_dim, widths[-1])
        self.condition = EventEmbedding(events, conditions, widths[-1]) if conditions else None
        layers = [self.activation]
        if len(widths) > 1:
            layers += [mlp(widths[-1], widths[-2:0:-1], widths[0], activation), self.activation]
        self.decoder = nn.Sequential(*layers)
        self.heads = EventHeads(events, [j for j in columns if j not in set(conditions)], widths[0], n_mixtures)

    def encode(self, x):
        """The encoder's numbers (n, n_out) for rows of events."""
        return self.encoder(self.activation(self.embedding(x)))

    def decode(self, h, x=None):
        """What the heads read at latent places (..., n, L); the given columns are read from the rows x."""
        first = self.latent(h)
        return self.decoder(first if self.condition is None else first + self.condition(x))
