"""The pipeline: plan, measure, guard, score, commit."""
