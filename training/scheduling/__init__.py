"""When retraining runs: the schedule, its child process and its log."""
