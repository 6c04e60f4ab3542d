"""Made-up satellites over one place: the truth that a pass calendar must find again."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hearthwatch.passes.calendar import Pass

START = datetime(2025, 1, 1, 8, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Satellite:
    """Passes every `cycle` days from `first` on (days after START), up to `stops`."""

    platform: str
    orbit: int
    cycle: int
    first: float
    stops: float = 1e9
    starts: float = 0.0
    sensor: str = "sentinel-2-l2a"

    def passes(self, days: float) -> list[Pass]:
        found = []
        day = self.first
        while day < min(days, self.stops):
            if day >= self.starts:
                # Minutes of wobble, the same each time it is asked.
                wobble = timedelta(minutes=(int(day) * 7 + self.orbit) % 9 - 4)
                at = START + timedelta(days=day) + wobble
                found.append(Pass(self.sensor, self.orbit, at, self.platform, "descending"))
            day += self.cycle
        return found


def flown(satellites: list[Satellite], days: float) -> list[Pass]:
    return sorted(
        (one for satellite in satellites for one in satellite.passes(days)),
        key=lambda one: (one.sensed, one.relative_orbit),
    )


def at(day: float) -> datetime:
    return START + timedelta(days=day)
