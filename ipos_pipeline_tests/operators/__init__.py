"""What operators do, through its public doors: the commands and the Dagster job."""
