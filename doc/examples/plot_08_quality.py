"""
Are the rows any good?
======================

Figures of synthetic rows, each between what chance leaves and what independent columns get.
"""

from skgen import AutoregressiveTrees, GaussianMixture, quality_report
from skgen.datasets import load_diabetes_table

table = load_diabetes_table()
train = table.sample(frac=0.7, random_state=0)
test = table.drop(train.index)
models = {
    "trees": AutoregressiveTrees(random_state=0),
    "normal law": GaussianMixture(1, random_state=0),
}
synthetic = {name: model.fit(train).sample(len(train), random_state=0) for name, model in models.items()}

# %%
# A copy of the training rows has the best shape and trend of all. The report says what is wrong with it.

report = quality_report(train, test, {**synthetic, "copy": train}, target="progression")
print(report)
print(report.concerns["copy"])

# %%

report.plot()
