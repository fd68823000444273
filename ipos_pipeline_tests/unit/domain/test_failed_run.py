"""Which failed runs are news, and how they are told without their exception's text."""

from ipos_pipeline.domain.failed_run import FailedStep, job_system, pipeline_system, unexplained


def test_a_run_whose_step_said_why_is_no_news() -> None:
    steps = [FailedStep("a", "KeyError", False), FailedStep("b", "Failure", True)]
    assert unexplained(steps) is None


def test_a_run_without_a_failed_step_was_killed() -> None:
    assert "killed" in str(unexplained([]))


def test_an_unforeseen_exception_is_told_by_its_class() -> None:
    said = unexplained([FailedStep("cash_sales", "KeyError", False)])
    assert said == "The step cash_sales ended with an unexpected KeyError."


def test_the_pipeline_is_a_system_of_each_location_and_of_each_job_for_all() -> None:
    assert pipeline_system("DXB01") == "pipeline DXB01"
    assert job_system("sweep_window") == "job sweep_window"
