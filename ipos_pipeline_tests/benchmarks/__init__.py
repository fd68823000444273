"""Each benchmark at a tiny size: its rows are there and mean what they say."""
