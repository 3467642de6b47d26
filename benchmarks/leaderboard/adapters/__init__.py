"""How each library is fed, fitted and asked; one module a library, with four functions.

``prepare(ratings, settings)``
    The ratings in the library's own form. Not timed.
``fit(prepared, settings)``
    A fitted model. Timed.
``recommend(model, prepared)``
    What the library answers for all users, ten movies each, none of those they have rated. Timed.
``lists(answer, prepared)``
    The same as item indices, int64, (n_users, 10). Not timed.
"""
