"""The console script `ipos-pipeline`: what people do without the Dagster UI."""
