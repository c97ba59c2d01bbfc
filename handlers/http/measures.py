"""What is measured, and the text form that Prometheus reads."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

PREFIX = "baton_"


@dataclass(frozen=True, slots=True)
class Sample:
    """One number, under its labels; *end* is that of the name, as of a part of a histogram."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    end: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """Numbers of one kind: gauge, counter or histogram."""

    name: str
    kind: str
    says: str
    samples: tuple[Sample, ...]


def written(found: Iterable[Metric]) -> str:
    """Write all that was measured; what has no number is left out."""
    return "".join(f"{line}\n" for metric in found if metric.samples for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    name = f"{PREFIX}{metric.name}"
    yield f"# HELP {name} {metric.says}"
    yield f"# TYPE {name} {metric.kind}"
    for sample in metric.samples:
        labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in sample.labels.items())
        yield (
            f"{name}{sample.end}{{{labels}}} {sample.value}"
            if labels
            else (f"{name}{sample.end} {sample.value}")
        )


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
