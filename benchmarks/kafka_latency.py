"""text complete -> sent"""


def main(rate: int, seconds: int) -> None: ...
