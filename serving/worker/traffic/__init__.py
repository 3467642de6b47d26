"""A Challenger on real traffic: who gets its answers, its answers in the shadow, and what users made of them."""
