"""The shapes of forms that bring files with areas, and of the answers to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints

from api.models import Line, Moment, Sent, Text
from api.problems import Fault
from hearthwatch.records import Kind

_Name = Annotated[str, StringConstraints(max_length=40, pattern=r"^[A-Za-z0-9:._-]+$")]


class FileFields(Sent):
    """How a file is to be read, and what is to be done where not all of it is well."""

    accept: Literal["all", "valid"] = Field(
        "all", description="`valid`: what is sound is stored though other features are not."
    )
    mend: bool = Field(
        False, description="Make an outline that crosses itself into the areas it goes round."
    )
    radius_m: float | None = Field(
        None, ge=10, le=20_000, description="Round points that name none, metres."
    )
    encoding: _Name | None = Field(None, description="Of text that is not in UTF-8.")
    crs: _Name | None = Field(
        None, description="Of what does not say in which it is, as EPSG:32634."
    )


class RegionsFields(FileFields):
    """The same of regions. What a feature says of itself goes before it."""

    name: Line | None = Field(
        None, description="Makes one region of all features; else each is one, by its own name."
    )
    bbox: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        None, description="west,south,east,north in place of a file; needs a name."
    )
    kind: Kind = Kind.GROUND_CHANGE
    purpose: Text = ""
    owner: Text = ""
    expires: Moment | None = Field(None, description="End of the watch, with a time zone.")


class SettlementsFields(FileFields):
    """The same of settlements."""

    source: Text = Field("", description="Where the outlines come from.")


class TakenThing(BaseModel):
    """One region or settlement of a file."""

    id: str
    name: str
    where: str = Field(description="Which feature of the file it was, as `feature 2 (Dola)`.")
    area_km2: float
    repairs: list[str] = Field(description="What was changed to make it so.")


class ImportAnswer(BaseModel):
    """What was taken of a file, what was not, and what should be looked at."""

    taken: list[TakenThing]
    there_already: int = Field(description="Settlements that were on the list before.")
    pcodes_taken_over: int = Field(
        description="Of these, how many got their P-code, or another one, from the file."
    )
    faults: list[Fault] = Field(description="What was not taken, and why; with `accept=valid`.")
    checks: list[Fault] = Field(
        description="What was left out, or looks wrong and was taken as it is written."
    )


def fields_of(model: type[Sent]) -> Mapping[str, Any]:
    """Return the OpenAPI properties of a form."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    found: Mapping[str, Any] = schema["properties"]
    return found
