"""A job's verdicts in numbers: how the scores of each label lie, and how often each code is."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Integer, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute, Session
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from core.terms import ItemCode, Label, Outcome
from db.models import Verdict

BARS = 20


@dataclass(frozen=True)
class Summary:
    """Counts of verdicts: by label, in `BARS` equal steps of the score from 0 to 1; and by code."""

    scores: Mapping[Label, list[int]]
    codes: Mapping[Outcome, Mapping[ItemCode, int]]


def of_job(session: Session, job_id: int) -> Summary:
    """Count all verdicts of a job, which reads each of them."""
    bar = score_bar(Verdict.score)
    kinds = (Verdict.outcome, Verdict.label, Verdict.code, bar)
    rows = session.execute(
        select(*kinds, func.count()).where(Verdict.job_id == job_id).group_by(*kinds)
    )
    scores = {label: [0] * BARS for label in Label}
    codes: dict[Outcome, Counter[ItemCode]] = {
        Outcome.NOT_APPLICABLE: Counter(),
        Outcome.FAILED: Counter(),
    }
    for outcome, label, code, step, count in rows:
        if label is not None:
            scores[label][min(step, BARS - 1)] += count
        elif code is not None:
            codes[outcome][code] += count
    return Summary(scores, {outcome: dict(one.most_common()) for outcome, one in codes.items()})


class score_bar(FunctionElement[int]):
    """The step of the score that it lies in, from 0; one of 1 is a step further than the last."""

    inherit_cache = True
    type = Integer()

    def __init__(self, score: InstrumentedAttribute[float | None]) -> None:
        super().__init__(score * BARS)


@compiles(score_bar, "postgresql")
def _postgresql(element: score_bar, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return f"CAST(floor({compiler.process(element.clauses, **kw)}) AS INTEGER)"


@compiles(score_bar, "sqlite")
def _sqlite(element: score_bar, compiler: SQLCompiler, **kw: Any) -> str:  # noqa: ANN401
    return f"CAST({compiler.process(element.clauses, **kw)} AS INTEGER)"
