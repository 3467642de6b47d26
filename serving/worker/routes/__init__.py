"""The routes: each translates a request into a question, and its answer into a response."""
