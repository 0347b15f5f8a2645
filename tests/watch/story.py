"""What happens in the proof, in order: health, all faults at once, health, an outage, health."""

import dataclasses
import time

from cases import BURNS, CASES, INSTANCES, OUTAGE, UPSTREAMS, Case
from faults import Faults, Outage
from world import World

# So many scrapes make a norm that the faults stand out from. They also bound how long the faults can be seen: what
# lasts longer than it was well becomes the norm itself.
NORM_SCRAPES = 45
# Waits that only fail. Prometheus takes five seconds to find its targets. Alerts fire within 30 s, but for the slow
# burns: the slowest needs 190 s to fire and 360 s to clear.
HEALTHY_WITHIN = 120
FIRES_WITHIN = 150
BURNS_WITHIN = 300
CLEARS_WITHIN = 480


@dataclasses.dataclass
class Outcome:
    """What came of a case, in seconds from the fault's begin and from its end."""

    fired_after: float | None = None
    cleared_after: float | None = None


@dataclasses.dataclass
class Proof:
    """What was seen from when to when."""

    faulty: World
    calm: World
    began: float
    ended: float = 0
    # Calls that ended within that time, with faults and without.
    calls: tuple[int, int] = (0, 0)
    outcomes: dict[Case, Outcome] = dataclasses.field(default_factory=lambda: {case: Outcome() for case in CASES})


def tell(faulty, calm):
    """Lets it happen. What does not come in time is told by its absence, so that all else is told too."""
    wait(lambda: is_healthy(faulty) and is_healthy(calm), HEALTHY_WITHIN)
    proof = Proof(faulty, calm, began=time.time())
    before = [calls(world) for world in (faulty, calm)]
    wait(lambda: min(map(scrapes, [faulty, calm])) >= NORM_SCRAPES, HEALTHY_WITHIN)
    with Faults(faulty):
        faults_began = time.time()
        hear_firing(proof, UPSTREAMS + INSTANCES, faults_began, FIRES_WITHIN)
        faults_ended = time.time()
    hear_firing(proof, BURNS, faults_began, BURNS_WITHIN)
    hear_cleared(proof, UPSTREAMS + INSTANCES + BURNS, faults_ended)
    with Outage(faulty):
        outage_began = time.time()
        hear_firing(proof, OUTAGE, outage_began, FIRES_WITHIN)
        outage_ended = time.time()
    hear_cleared(proof, OUTAGE, outage_ended)
    proof.ended = time.time()
    proof.calls = tuple(calls(world) - count for world, count in zip((faulty, calm), before))
    return proof


def is_healthy(world):
    """Whether everything is scraped. Before that no gateway is up, as far as Prometheus knows, and it says so."""
    up = world.prometheus.query('up{job="tidegate"} == 1')
    alerts = world.prometheus.query('ALERTS{alertname!=""}')
    return len(up) == len(world.gateways) and not alerts and not world.webhook.firing()


def calls(world):
    """How many calls have ended so far."""
    return sum(sum(stream.codes.values()) for stream in world.streams)


def scrapes(world):
    """How often the target that was scraped least has been."""
    return min((count for _, count in world.prometheus.query('count_over_time(up{job="tidegate"}[1h])')), default=0)


def hear_firing(proof, cases, since, within):
    """Waits until the webhook was told of all of them."""

    def all_fire():
        for case in cases:
            outcome, notices = proof.outcomes[case], proof.faulty.webhook.of(case, since)
            if outcome.fired_after is None and notices:
                outcome.fired_after = notices[0].at - since
        return all(proof.outcomes[case].fired_after is not None for case in cases)

    wait(all_fire, within)


def hear_cleared(proof, cases, since):
    """Waits until the webhook was told that everything is over."""
    wait(lambda: not proof.faulty.webhook.firing(), CLEARS_WITHIN)
    for case in cases:
        notices = proof.faulty.webhook.of(case)
        if notices and notices[-1].status == "resolved":
            proof.outcomes[case].cleared_after = notices[-1].at - since


def wait(condition, seconds):
    """Until it is true, or until there is no hope."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.2)
