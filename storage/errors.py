"""The one error a person can cause and mend."""


class UserError(Exception):
    """One clear sentence: what is wrong, where, and what to do about it.

    The command line prints it and exits with code 2; a page shows it. Whoever raises it has changed nothing.
    """
