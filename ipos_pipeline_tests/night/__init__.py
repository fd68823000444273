"""The night and the watch: freshness, closed days, standing checks, the summary for finance."""
