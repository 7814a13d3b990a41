"""Deep models: torch modules behind the contract of every other model. The only folder that imports torch."""
