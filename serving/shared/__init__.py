"""What the parent and the workers both touch: files of the model cache, locks, the board in shared memory."""
