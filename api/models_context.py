"""The shapes of what people observed round watched places, for the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.models import Moment, Sent
from hearthwatch.context.book import FACTORS, LONGEST_SOURCE, LONGEST_WORDS
from hearthwatch.records import ContextSort, Grade, Variable

_PLAIN = r"^[^\x00]*$"


class NewObservation(Sent):
    """Speech with its five variables, or a risk factor with its number."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "observed": "2026-03-01T00:00:00Z",
                    "words": "A speech on the radio calls them vermin.",
                    "source": "Two listeners",
                    "reliability": "B",
                    "credibility": 2,
                    "grades": {"speaker": "strong", "act": "strong", "means": "some"},
                }
            ]
        }
    )

    observed: Moment = Field(description="When it was said or seen, with a time zone.")
    words: Annotated[
        str, StringConstraints(min_length=1, max_length=LONGEST_WORDS, pattern=_PLAIN)
    ] = Field(description="What was observed, in your words.")
    source: Annotated[
        str, StringConstraints(min_length=1, max_length=LONGEST_SOURCE, pattern=_PLAIN)
    ] = Field(description="Who told of it; nothing but this list ever shows it.")
    reliability: Literal["A", "B", "C", "D", "E", "F"] = Field(description="Of the source.")
    credibility: Annotated[int, Field(ge=1, le=6)] = Field(description="Of what it says.")
    grades: dict[Variable, Grade] = Field(
        default_factory=dict, description="Of speech; leave out what is not known."
    )
    factor: Annotated[int, Field(ge=FACTORS.start, lt=FACTORS.stop)] | None = Field(
        None, description="Number of a risk factor of the Framework of Analysis."
    )


class ObservationAnswer(BaseModel):
    """An observation, and what the policy makes of it by itself."""

    id: str
    region: str
    sort: ContextSort
    observed: datetime | None = Field(description="Null once it is withdrawn, as all content is.")
    words: str | None
    source: str | None
    reliability: str | None
    credibility: int | None
    grades: dict[Variable, Grade]
    factor: int | None
    made_by: str = Field(description="Id of the person or key who wrote it down.")
    created: datetime
    sha256: str = Field(description="Over its content, also once that is gone.")
    withdrawn: datetime | None
    withdrawn_by: str | None
    counts_until: datetime | None = Field(
        description="Until when it counts for the level; null where it does not."
    )
    counts_words: str


class ObservationList(BaseModel):
    """The observations of a region, the newest first."""

    items: list[ObservationAnswer]
