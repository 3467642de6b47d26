"""What is asked and answered over HTTP, as ``/docs`` shows it."""
