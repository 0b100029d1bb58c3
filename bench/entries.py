"""The contenders by name: where their class is, and what they cannot do, with the reason."""

from dataclasses import dataclass

from bench.workloads import MODEL, STAND_IN


@dataclass(frozen=True)
class Entry:
    """A contender; `cannot` gives the reason why a figure is not to be had.

    With `takes_all` it gets as many images a round as the bare loop, however slow it is: where a
    round begins and ends with fixed work, this weighs as little as it can.
    """

    letter: str
    name: str
    path: str
    workloads: tuple[str, ...] = (STAND_IN.name, MODEL.name)
    no_stand_in: str = ""
    no_idle: str = ""
    no_bulk: str = ""
    remark: str = ""
    takes_all: bool = False

    @property
    def is_ceiling(self) -> bool:
        """Whether the others' rates are divided by this one's."""
        return self.letter == "a"


ONE_LOOP = "One loop has no queue: a single image would wait until the bulk is through."

ENTRIES = (
    Entry(
        "a",
        "bare loop",
        "bench.contenders.bare:BareLoop",
        no_bulk=ONE_LOOP,
        remark="Decoding threads ahead of one forward loop, nothing stored: the ceiling.",
    ),
    Entry("b", "fakesweep", "bench.contenders.fakesweep:Fakesweep", takes_all=True),
    Entry(
        "c",
        "Celery, a task an image",
        "bench.contenders.naive:NaiveCelery",
        remark="Prefork, one process a core, each with an engine of its own; with the stand-in "
        "each process therefore has a device of its own, which flatters it.",
    ),
    Entry("d", "celery-batches", "bench.contenders.batches:CeleryBatches"),
    Entry("e", "LitServe", "bench.contenders.lit:LitServe"),
    Entry(
        "f",
        "Transformers pipeline",
        "bench.contenders.pipeline:Pipeline",
        workloads=(MODEL.name,),
        no_stand_in="The pipeline runs Transformers models only, so there is no stand-in in it.",
        no_bulk=ONE_LOOP,
        remark="PyTorch in float32 with its own image processor; it has no other engine on a CPU.",
    ),
    Entry(
        "g",
        "Ray Data",
        "bench.contenders.ray_data:RayData",
        no_idle="Ray Data runs whole data sets; it answers no single images.",
        no_bulk="Ray Data runs whole data sets; it answers no single images.",
        remark="Each run starts its actor anew, which is part of its time.",
        takes_all=True,
    ),
)
BY_LETTER = {entry.letter: entry for entry in ENTRIES}
