"""What runs as a job: training, evaluation, promotion, batch recommendation."""
