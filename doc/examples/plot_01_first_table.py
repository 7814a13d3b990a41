"""
A table in, new rows out
========================

Fit a DataFrame as it comes, draw rows, and look at real against generated columns on one sheet.
"""

# %%
# The wine table has text, whole numbers and decimals. Nothing has to be said about them.

from skgen import AutoregressiveTrees, TableDisplay
from skgen.datasets import load_wine_table

wine = load_wine_table()
model = AutoregressiveTrees(random_state=0).fit(wine)
new = model.sample(178)
new.head()

# %%
# Every column, and below how strongly pairs of columns go together.

display = TableDisplay.from_predictions(wine, new)

# %%
# The log-density of any row is in nats, in the units of the table.

print(model.schema_)
print("mean of the fitted rows:", round(model.score(wine), 2))
