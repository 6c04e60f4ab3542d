"""The shapes of STAC documents, for the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.models import Geometry

MOST_NAMED = 1000
"""Ids or collections that one search may name."""

Name = Annotated[str, StringConstraints(max_length=1000)]


class StacLink(BaseModel):
    """A link; what is sent with POST stands in it."""

    model_config = ConfigDict(extra="allow")

    href: str
    rel: str
    type: str | None = None
    title: str | None = None


class CataloguePage(BaseModel):
    """Landing page."""

    model_config = ConfigDict(extra="allow")

    type: Literal["Catalog"]
    stac_version: str
    id: str
    title: str
    description: str
    conformsTo: list[str]  # noqa: N815 (the standard's word)
    links: list[StacLink]


class StacCollection(BaseModel):
    """One collection."""

    model_config = ConfigDict(extra="allow")

    type: Literal["Collection"]
    stac_version: str
    id: str
    title: str
    description: str
    license: str
    extent: dict[str, Any]
    links: list[StacLink]


class StacCollections(BaseModel):
    """All collections."""

    collections: list[StacCollection]
    links: list[StacLink]


class Item(BaseModel):
    """One scene, mask or event."""

    model_config = ConfigDict(extra="allow")

    type: Literal["Feature"]
    stac_version: str
    stac_extensions: list[str]
    id: str
    collection: str
    geometry: Geometry
    bbox: list[float]
    properties: dict[str, Any]
    assets: dict[str, Any]
    links: list[StacLink]


class ItemCollection(BaseModel):
    """One page of items."""

    type: Literal["FeatureCollection"]
    features: list[Item]
    links: list[StacLink]
    timeStamp: datetime  # noqa: N815
    numberReturned: int  # noqa: N815


class SearchBody(BaseModel):
    """What is searched for."""

    model_config = ConfigDict(extra="forbid")

    collections: list[Name] | None = Field(None, max_length=MOST_NAMED)
    ids: list[Name] | None = Field(None, max_length=MOST_NAMED)
    bbox: list[float] | None = Field(
        None, min_length=4, max_length=6, description="Not with intersects."
    )
    intersects: dict[str, Any] | None = Field(None, description="GeoJSON geometry.")
    datetime: str | None = Field(None, max_length=100)
    limit: int | None = Field(None, ge=1)
    after: str | None = Field(None, max_length=4000)
