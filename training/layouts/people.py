"""Who is in a video, by its name, for the naming schemes that several datasets share.

The names carry the dataset they come from (`ff:000`, `cdf:id1`), so that fakes which another
dataset made of the same videos are known to be of the same people.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class People:
    """The person who is seen, whose face or expression was put on, and the recording used."""

    identity_a: str = ""
    identity_b: str = ""
    source_id: str = ""


def in_faceforensics(name: str) -> People:
    """Read `033` and `033_097` (target, source), or an actor's `01__scene`, `01_02__scene__CODE`.

    FaceForensics++ numbers its 1,000 recordings, each of another person; see its
    dataset/README.md. DeepFakeDetection's actors act in several scenes.
    """
    pair, scene, *_ = [*name.split("__"), ""]
    target, _, donor = pair.partition("_")
    if scene:
        return People(f"dfd:{target}", f"dfd:{donor}" if donor else "", f"dfd:{target}__{scene}")
    return People(f"ff:{target}", f"ff:{donor}" if donor else "", f"ff:{target}")


def in_celebdf(name: str) -> People:
    """Read `id1_0007`, `id1_id0_0007` (target, donor, recording), and YouTube's `00170`.

    See Li et al., "Celeb-DF", CVPR 2020, and its repository's README.
    """
    match = re.fullmatch(r"(id\d+)(?:_(id\d+))?_(\d+)", name)
    if match is None:
        return People(f"cdf:{name}", "", f"cdf:{name}")
    target, donor, recording = match.groups()
    return People(f"cdf:{target}", f"cdf:{donor}" if donor else "", f"cdf:{target}_{recording}")
