"""How bytes become requests and answers: the protocol, middleware, negotiation, JSON."""
