"""Properties that stored events may be asked for in tests, and random filters over them."""

from hypothesis import strategies as st

from hearthwatch.cql.tree import Field, Form

FIELDS = {
    field.name: field
    for field in (
        Field("id", Form.TEXT, "Id"),
        Field("kind", Form.TEXT, "Kind", ("burned", "razed")),
        Field("state", Form.TEXT, "State"),
        Field("cell", Form.TEXT, "Cell"),
        Field("region", Form.TEXT, "Region"),
        Field("settlement", Form.TEXT, "Settlement", hollow=True),
        Field("change", Form.TEXT, "Change", hollow=True),
        Field("observed", Form.TEXT, "What was observed"),
        Field("area_m2", Form.NUMBER, "Area"),
        Field("looks", Form.NUMBER, "Looks"),
        Field("first_changed", Form.MOMENT, "First change"),
        Field("last_detected", Form.MOMENT, "Last look"),
        Field("last_unharmed", Form.MOMENT, "Last look before"),
        Field("geometry", Form.PLACE, "Where"),
    )
}
TEXTS = ["", "a", "A", "ab", "a%b", "a_b", "a*b", "a?b", "a[b]", "a\\b", "É", "'", "قرية"]
DAYS = ["2024-04-30", "2024-05-01", "2024-05-02", "2024-05-03"]

_texts = st.sampled_from(TEXTS)
_numbers = st.sampled_from([0, 1, 2, 2.5, 3, -1, 1e300])
_moments = st.one_of(
    st.builds(lambda day: {"date": day}, st.sampled_from(DAYS)),
    st.builds(lambda day, hour: {"timestamp": f"{day}T{hour:02d}:00:00Z"}, st.sampled_from(DAYS),
              st.sampled_from([0, 12, 23])),
)  # fmt: skip
_places = st.builds(
    lambda x, y, w, h: {"bbox": [x, y, x + w, y + h]},
    *(st.integers(-2, 3) for _ in "xy"), *(st.integers(0, 3) for _ in "wh"),
) | st.builds(lambda x, y: {"type": "Point", "coordinates": [x / 2, y / 2]},
              st.integers(-4, 6), st.integers(-4, 6)) | st.sampled_from([
    {"type": "LineString", "coordinates": [[-1, -1], [2, 2]]},
    {"type": "Polygon", "coordinates": [[[0, 0], [3, 0], [0, 3], [0, 0]]]},
    {"type": "MultiPoint", "coordinates": [[0, 0], [2, 1]]},
    {"type": "MultiPolygon", "coordinates": [[[[0, 0], [1, 0], [1, 1], [0, 0]]]]},
    {"bbox": [179, -1, 1, 1]},
    {"bbox": [180, -1, 1, 1]},
    {"bbox": [180, -1, -180, 1]},
])  # fmt: skip


def named(form: Form) -> st.SearchStrategy[dict[str, str]]:
    names = [field.name for field in FIELDS.values() if field.form is form and not field.words]
    return st.sampled_from(names).map(lambda name: {"property": name})


def _applied(operation: str, *parts: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.tuples(*parts).map(lambda args: {"op": operation, "args": list(args)})


def _ends(values: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.sampled_from([
        ["..", ".."], ["..", DAYS[1]], [DAYS[1], ".."], [DAYS[0], DAYS[2]],
        [f"{DAYS[1]}T12:00:00Z", f"{DAYS[2]}T12:00:00Z"],
        [{"property": "first_changed"}, {"property": "last_detected"}],
    ]).map(lambda ends: {"interval": ends}) | values  # fmt: skip


_SIGNS = ["=", "<>", "<", ">", "<=", ">="]
_TEMPORAL = ["t_after", "t_before", "t_contains", "t_disjoint", "t_during", "t_equals",
             "t_finishedBy", "t_finishes", "t_intersects", "t_meets", "t_metBy", "t_overlappedBy",
             "t_overlaps", "t_startedBy", "t_starts"]  # fmt: skip
_SPATIAL = ["s_intersects", "s_disjoint", "s_within", "s_contains", "s_equals", "s_touches",
            "s_overlaps", "s_crosses"]  # fmt: skip


def _scalar(form: Form, values: st.SearchStrategy[object]) -> list[st.SearchStrategy[object]]:
    either = named(form) | values
    compared = [_applied(sign, named(form), either) for sign in _SIGNS]
    compared += [_applied(sign, either, named(form)) for sign in _SIGNS]
    listed = _applied("in", named(form), st.lists(values, min_size=1, max_size=3))
    return [*compared, _applied("between", named(form), values, values), listed]


LEAVES = st.one_of(
    *_scalar(Form.TEXT, _texts), *_scalar(Form.NUMBER, _numbers), *_scalar(Form.MOMENT, _moments),
    *(_applied(op, _ends(named(Form.MOMENT)), _ends(_moments)) for op in _TEMPORAL),
    *(_applied(op, st.just({"property": "geometry"}), _places) for op in _SPATIAL),
    *(_applied(op, _places, st.just({"property": "geometry"})) for op in _SPATIAL),
    _applied("like", named(Form.TEXT), st.lists(
        st.sampled_from(["%", "_", "a", "b", "*", "?", "[", "]", "\\%", "\\\\"]), max_size=5,
    ).map("".join)),
    _applied("isNull", st.sampled_from(list(FIELDS)).map(lambda name: {"property": name})),
    st.booleans(),
)  # fmt: skip
FILTERS = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        _applied("and", below, below), _applied("or", below, below), _applied("not", below)
    ),
    max_leaves=6,
)
