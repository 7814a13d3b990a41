"""Which law must find which mutant. A law that kills no mutant is no test."""

import mutants_contract as contract
import mutants_deep as deep
import mutants_density as density
import mutants_orders as orders

#: Name of a law -> the mutants that it must fail.
MUTANTS = {
    "fitted_is_arrays": [contract.HoldsEngine, contract.HoldsFunction],
    "parameters_untouched": [contract.ChangesParameter, contract.OddAttribute],
    "data_untouched": [contract.WritesData],
    "failed_fit_restores": [contract.KeepsRuins, contract.RuinsHalfWay],
    "fit_twice": [contract.Accumulates, contract.Leftovers],
    "refuses_bad_input": [contract.TakesAnything],
    "refuses_bad_weights": [density.AbsoluteWeights],
    "prints_nothing": [contract.Chatty],
    "em_never_lowers": [contract.StepsDown],
    "chunks_equal_one_fit": [contract.LastChunk],
    "same_seed_same_rows": [contract.SeedIgnored],
    "next_call_differs": [contract.FrozenStream, contract.SeedlessModel],
    "prefix": [contract.LastRows, contract.OneBlock],
    "workers": [contract.WorkersMatter],
    "another_process": [contract.HashOrder],
    "global_state": [contract.GlobalNoise, contract.GlobalScore],
    "save_and_load": [contract.Forgetful],
    "pickling": [contract.Forgetful],
    "clone_and_refit": [contract.StickyClone],
    "units": [density.AbsoluteFloor],
    "row_order": [density.PositionScore, density.RestlessScore],
    "batch_size": [density.BatchScore],
    "column_permutation": [density.FavouriteColumn],
    "integer_weights": [density.WeightsIgnored],
    "zero_weights": [density.ZeroIsSomething],
    "integrates_to_one": [density.Unnormalised, density.ForgottenJacobian],
    "dilation": [density.WideSampler, density.NarrowScore],
    "entropy": [density.DroppedComponent],
    "probability_integral": [density.SwappedColumns, density.MarginalIgnored, density.TallSteps],
    "ceiling": [density.Boastful],
    "parametric_recovery": [density.WideFit, density.HalfTheRows],
    "cells_sum_to_one": [density.Unnormalised, density.NothingReserved],
    "cells_follow_scores": [density.IndependentSampler, density.ClippedSamples, density.EvenSampler],
    "ceiling_on_tables": [density.ResolutionTwice],
    "entropy_on_tables": [density.EvenSampler],
    "likelihood_is_true": [density.SumScore, density.NoiseByRow],
    "table_round_trip": [density.DropsMissing, density.LosesDtypes],
    "containers": [density.LosesDtypes],
    "seen_support": [density.LeavesSupport],
    "held_out_rows_are_finite": [density.NothingReserved],
    "reserved_cells_cost_little": [density.DearConstant],
    "given_values_come_back": [density.GivenMoves],
    "given_table_completes": [density.LeavesHoles],
    "given_errors": [density.GivenIgnored],
    "given_additivity": [density.MarginalIgnored, density.JointMarginal],
    "given_samples_follow_scores": [density.KnownIgnored, density.JointWeights],
    "given_rows_follow_scores": [density.KnownIgnored, density.TallSteps],
    "given_intervals_follow_samples": [density.IntervalMidpoint, density.OthersFree],
    "given_sets_follow_scores": [density.EvenSet, density.OthersFree],
    "orders_are_a_mixture": [orders.PriorWeightsScored, orders.PriorWeightsDrawn],
    "every_weight_is_trained": [deep.IdleLayer],
    "bounds_grow_with_draws": [deep.SumOfDraws],
}

#: Laws that are looser for nets -> the mutants that they must fail in the settings of nets. Those of `MUTANTS`, but for
#: a density's error below that of the sum over scattered points, and a cost below what another start of a net costs.
MUTANTS_OF_NETS = {
    "integrates_to_one": [deep.WideUnnormalised, density.ForgottenJacobian],
    "dilation": MUTANTS["dilation"],
    "entropy": MUTANTS["entropy"],
    "ceiling": MUTANTS["ceiling"],
    "units": MUTANTS["units"],
    "row_order": MUTANTS["row_order"],
    "batch_size": MUTANTS["batch_size"],
    "zero_weights": MUTANTS["zero_weights"],
    "reserved_cells_cost_little": [deep.HalfConstant],
}
