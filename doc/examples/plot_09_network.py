"""
Which column hangs on which
===========================

A Bayesian network learns a graph over the columns, and draws it.
"""

from skgen import BayesianNetwork
from skgen.datasets import load_diabetes_table

table = load_diabetes_table()
model = BayesianNetwork(random_state=0).fit(table)
model.plot()

# %%
# Conditions on any columns are exact.

young = model.sample(500, given={"age": 25}, random_state=0)["bp"].mean()
old = model.sample(500, given={"age": 65}, random_state=0)["bp"].mean()
print(f"mean blood pressure drawn at 25: {young:.0f}, at 65: {old:.0f}")
