"""What a measurement gives: a figure beside its goal and its calibration, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from bench import load


@dataclass
class Figure:
    """One measured figure beside its calibration."""

    name: str
    value: float
    unit: str
    calibration: float | None
    ratio: float | None
    goal: str
    holds: bool
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    errors: int = 0
    cpu_web_ms: float | None = None
    cpu_database_ms: float | None = None
    note: str = ""


def of_requests(
    name: str, result: load.Result, unit: str, calibration: float, ratio: float, goal: str, holds: bool,
    web: float | None, database: float | None,
) -> Figure:  # fmt: skip
    """The figure of requests: their rate, how long they took, what each cost."""
    return Figure(
        name, round(result.per_second, 1), unit, round(calibration, 1), round(ratio, 3), goal, holds and not result.errors,
        round(result.percentile(0.5), 2), round(result.percentile(0.95), 2), round(result.percentile(0.99), 2),
        result.errors, web and round(web, 3), database and round(database, 3), result.first_error,
    )  # fmt: skip


def show(figure: Figure) -> None:
    """Prints a figure."""
    mark = "holds" if figure.holds else "MISSES"
    print(f"{figure.name:<14}{figure.value:>10,.1f} {figure.unit:<13} goal {figure.goal:<16} {mark}")
    if figure.calibration is not None:
        print(f"{'':<14}calibration {figure.calibration:,.1f}, ratio {figure.ratio}")
    if figure.p50 is not None:
        print(f"{'':<14}p50 {figure.p50} ms, p95 {figure.p95} ms, p99 {figure.p99} ms, {figure.errors} errors")
    if figure.cpu_web_ms is not None:
        print(f"{'':<14}CPU for each: web {figure.cpu_web_ms} ms, database {figure.cpu_database_ms} ms")
    if figure.note:
        print(f"{'':<14}{figure.note}")
