"""The leaderboard: our methods beside their peers, on the Microsoft Recommenders protocol.

`trial` and `adapters` run in the environments of the peers, so they and this file import neither recsys nor each other
unasked.
"""
