"""The exception that means: the input is at fault, not the program."""


class InputError(Exception):
    """Wrong flag, file or data.

    The message is one line for a person: it names the flag or file and says what to do. Entry
    scripts print it and exit with code 2; any other exception is a bug and keeps its traceback.
    """
