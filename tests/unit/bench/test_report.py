"""The tables of the bench: ratios first, and a footnote for each figure not to be had."""

from bench.entries import BY_LETTER, ENTRIES
from bench.figures import MIB, Figures, Push
from bench.report import Footnotes, number, targets_table, workload_table
from bench.targets import Extras, Target, targets
from bench.workloads import MODEL, STAND_IN


def figures(seconds: float) -> Figures:
    """Return the figures of one round and of single scans."""
    pushes = {0: Push(1000, seconds, cpu_s=0.05, peak_bytes=64 * MIB)}
    return Figures(pushes, idle_s=[0.004] * 30, bulk_s=[0.02] * 30)


def cells(table: str, letter: str) -> list[str]:
    """Return the cells of a contender's line."""
    line = next(line for line in table.splitlines() if line.startswith(f"| ({letter})"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_ratio_comes_first() -> None:
    """Next to the name stands how the rate compares with the bare loop's."""
    found = {"a": figures(1.0), "b": figures(2.0)}
    table = workload_table(STAND_IN, [BY_LETTER["a"], BY_LETTER["b"]], found, Footnotes())
    assert cells(table, "b") == [
        *("(b) fakesweep", "0.50", "500", "1,000", "4.00 / 4.00 (n=30)"),
        *("20.0 / 20.0 (n=30)", "64.0", "50.0"),
    ]


def test_what_cannot_be_done_is_a_dash_with_its_reason() -> None:
    """A contender without a queue or an engine gets no made-up number."""
    footnotes = Footnotes()
    found = {"a": figures(1.0), "g": Figures(figures(9.0).pushes)}
    table = workload_table(STAND_IN, ENTRIES, found, footnotes)
    reasons = " ".join(footnotes.lines())
    assert {cell[0] for cell in cells(table, "f")[1:]} == {"-"}
    assert cells(table, "g")[4].startswith("-")
    assert BY_LETTER["f"].no_stand_in in reasons
    assert BY_LETTER["g"].no_idle in reasons


def test_who_failed_says_so() -> None:
    """The reason of a failure is a footnote, and the others keep their line."""
    footnotes = Footnotes()
    found = {"a": figures(1.0), "e": Figures(failure="It failed in this run: no port.")}
    table = workload_table(STAND_IN, [BY_LETTER["a"], BY_LETTER["e"]], found, footnotes)
    assert cells(table, "e")[1].startswith("-")
    assert "It failed in this run: no port." in " ".join(footnotes.lines())
    assert cells(table, "a")[1] == "1.00"


def test_every_mark_has_its_sentence_and_every_sentence_a_mark() -> None:
    """No footnote is left over, and none is missing."""
    footnotes = Footnotes()
    found = {entry.letter: figures(1.0) for entry in ENTRIES}
    table = "\n".join(workload_table(each, ENTRIES, found, footnotes) for each in (STAND_IN, MODEL))
    for number_, line in enumerate(footnotes.lines(), start=1):
        assert line.startswith(f"[{number_}] ")
        assert f"[{number_}]" in table
    assert f"[{len(footnotes.lines()) + 1}]" not in table


def test_the_aims_stand_beside_what_was_measured() -> None:
    """An aim is reached, missed or not measured."""
    found = {"a": figures(1.0), "b": figures(2.0)}
    table = targets_table(targets({STAND_IN.name: found}, Extras(cold_start_s=5.0)))
    assert "| end to end / bare loop, stand-in | 0.50 x | at least 0.9 x | missed |" in table
    assert "| worker's cold start to first verdict | 5.00 s | at most 8 s | reached |" in table
    assert "not measured" in table


def test_an_aim_without_a_number_has_a_dash() -> None:
    """What was not measured is no number."""
    assert "| x | - |" in targets_table([Target("x", 1, "s", None, at_least=True)])


def test_numbers_have_the_digits_that_count() -> None:
    """About three digits are shown."""
    assert [number(each) for each in (0.934, 12.34, 345.6, 12345.6)] == [
        *("0.93", "12.3", "346", "12,346")
    ]
