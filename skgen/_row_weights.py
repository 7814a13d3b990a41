"""Row weights: a scale on which rows together count as many."""


def weights_as_rows(weight):
    """Weights of mean below 1 divided by their mean, so that rows together never count as fewer than they are."""
    if weight.mean() >= 1.0:
        return weight
    weight = weight / weight.max()  # equal weights become 1 exactly
    return weight / weight.mean()
