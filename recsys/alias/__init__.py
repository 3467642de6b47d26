"""The registry alias as the switch of what is served: its spellings, its moves, their ledger, the lease."""
