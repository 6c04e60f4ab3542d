"""Filters made to stop, slow down or confuse a parser; every one of them is to be refused."""

import json

DEEP = 1_600


def _nested(depth: int) -> str:
    return '{"op":"not","args":[' * depth + "true" + "]}" * depth


TEXT_BOMBS = {
    "empty": "",
    "blank": " \n\t ",
    "brackets that crash": "(" * DEEP + "looks=1" + ")" * DEEP,
    "brackets in 4 kB": "(" * 2000 + "looks=1",
    "65 brackets": "(" * 65 + "looks=1" + ")" * 65,
    "nots that crash": "NOT " * 5000 + "looks=1",
    "nots in 4 kB": "not " * 1000 + "looks=1",
    "nots and brackets": "NOT (" * 70 + "looks=1" + ")" * 70,
    "minuses": "looks = " + "-" * 4000 + "1",
    "minuses apart": "looks = " + "- " * 2000 + "1",
    "powers": "looks = " + "^".join(["1"] * 2000),
    "sums": "looks = " + "+".join(["1"] * 2000),
    "differences": "looks = " + "1 -" * 1300 + "1",
    "div": "looks = " + "1 div " * 600 + "1",
    "functions": "f(" * 64 + "looks" + ")" * 64 + "=1",
    "signs": "looks" + "=1" * 1500,
    "long list": "looks IN (" + "1," * 5000 + "1)",
    "list of another type": "looks IN (" + "'a'," * 900 + "'a')",
    "list in a list": "looks IN (" + "(1,2)," * 600 + "1)",
    "huge number": "looks = 1" + "0" * 3000,
    "infinite": "looks = 1e999",
    "number of many points": "looks = 1.1.1.1",
    "nul": "observed = 'a\0b'",
    "lone surrogate": "observed = '\ud800'",
    "odd letters": "\u202eobserved = 1",
    "full-width": "looks \uff1d 1",
    "zalgo": "a\u0301" * 1000,
    "unbalanced": "(looks = 1",
    "closed too often": "looks = 1)",
    "open text": "observed = 'a",
    "open name": 'observed = "a',
    "like of wilds": "observed LIKE '" + "%a" * 1500 + "'",
    "like of a number": "looks LIKE '%%%%'",
    "like of a backslash": "observed LIKE '(a+)+\\d$'",
    "sql": "looks = 1; DROP TABLE events; --",
    "comment": "looks = 1 /* */",
    "wrong type": "looks = 'one'",
    "too long": "observed = '" + "a" * 5000 + "'",
    "polygon of nothing": "s_intersects(geometry, POLYGON EMPTY)",
    "polygon of a line": "s_intersects(geometry, POLYGON((0 0, 1 1)))",
    "line of a point": "s_intersects(geometry, LINESTRING(0 0))",
    "collections in collections": "s_intersects(geometry, " + "GEOMETRYCOLLECTION(" * 60
    + "POINT(0 0)" + ")" * 61,
    "beyond the world": "s_intersects(geometry, POINT(1e300 1e300))",
    "far year": "first_changed > DATE('99999-01-01')",
    "no month": "first_changed > TIMESTAMP('2024-13-01T00:00:00Z')",
    "many conditions": " OR ".join(["looks = 1"] * 300),
    "many words": "is null " * 500,
}  # fmt: skip
JSON_BOMBS = {
    "empty": "",
    "brackets": "[" * 2000,
    "balanced brackets": "[" * 2000 + "]" * 2000,
    "objects": '{"a":' * 600 + "1" + "}" * 600,
    "nots": _nested(150),
    "33 nots": _nested(33),
    "broken": '{"op":"=","args":[',
    "brackets in a text": '{"op":"=","args":[{"property":"looks"},"' + "[" * 2000 + '"]}',
    "no object": "[]",
    "a number": "1",
    "null": "null",
    "infinite": '{"op":"=","args":[{"property":"looks"},1e999]}',
    "nan": '{"op":"=","args":[{"property":"looks"},NaN]}',
    "long number": '{"op":"=","args":[{"property":"looks"},' + "9" * 3900 + "]}",
    "no operation": '{"op":5,"args":[]}',
    "no arguments": '{"op":"and"}',
    "and of nothing": '{"op":"and","args":[]}',
    "wrong type": '{"op":"=","args":[{"property":["looks"]},{"property":7}]}',
    "surrogate": '{"op":"=","args":[{"property":"observed"},"\\ud800"]}',
    "nul": '{"op":"=","args":[{"property":"observed"},"\\u0000"]}',
    "coordinates of text": '{"op":"s_intersects","args":[{"property":"geometry"},'
    '{"type":"Polygon","coordinates":"here"}]}',
    "ragged coordinates": '{"op":"s_intersects","args":[{"property":"geometry"},'
    '{"type":"LineString","coordinates":[[0],[1,2,3,4,5],{}]}]}',
    "box of text": '{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":["a",0,1,1]}]}',
    "interval of one": '{"op":"t_after","args":[{"property":"first_changed"},{"interval":[".."]}]}',
    "bare": "looks = 1",
    "many": json.dumps({"op": "or", "args": [
        {"op": "=", "args": [{"property": "looks"}, 1]}] * 80}) + " ",
    "member twice": '{"op":"=","op":"nothing","args":[{"property":"looks"},1]}',
}  # fmt: skip
# Read rightly, and no bomb.
del JSON_BOMBS["many"]
