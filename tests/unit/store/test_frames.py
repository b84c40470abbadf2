"""The form in which frames that entries share are kept."""

import msgspec

from logster.entry import Frame
from logster.store import frames


def test_a_shared_frame_has_all_that_a_frame_has() -> None:
    values = ("a.py", "f", 7, "a", "x = 1", ("before",), ("after",), True, 3)
    frame = Frame(*values)
    # Those with local variables are not shared.
    assert len(values) == len(msgspec.structs.fields(Frame)) - 1
    [shared] = frames.known((frame,)).stack.frames
    assert frames.decode(shared.body) == frame


def test_a_frame_with_local_variables_is_not_shared() -> None:
    assert frames.known((Frame("a.py", locals={"x": "1"}),)).stack is None
