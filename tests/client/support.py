"""What the client's tests share."""

import importlib.util
import traceback

from tests.support.cluster import CHECKOUT

_spec = importlib.util.spec_from_file_location("async_to_sync", CHECKOUT / "python/async_to_sync.py")
assert _spec is not None
assert _spec.loader is not None
async_to_sync = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(async_to_sync)


def shown(error: BaseException) -> str:
    """Return what the most talkative logger would write of an error: its chain, with every local of every frame.

    Left out are the frames of the tests, which know what they look for.
    """
    chain: list[BaseException] = []
    link: BaseException | None = error
    while link and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    lines = [text for each in chain for text in (repr(each), str(each), repr(vars(each)))]
    for each in chain:
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if "/tests/" not in frame.f_code.co_filename:
                lines += [frame.f_code.co_qualname, *map(_safe_repr, frame.f_locals.values())]
    return "\n".join(lines)


def _safe_repr(value: object) -> str:
    try:
        return repr(value)
    except AttributeError:  # of a pool whose constructor has failed
        return object.__repr__(value)
