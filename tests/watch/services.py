"""Who calls the gateways: services of different luck, each with an upstream and a profile of its own name."""

import dataclasses
import json

# What every upstream takes for a true answer.
LATENCY = 'latency = { kind = "lognormal", median = "30ms", p99 = "300ms" }\n'

SCHEMA = {
    "type": "object",
    "properties": {
        "entities": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"type": {"type": "string"}, "text": {"type": "string"}},
                "required": ["type", "text"],
                "additionalProperties": False,
            },
        }
    },
    "required": ["entities"],
}


@dataclasses.dataclass(frozen=True)
class Service:
    """Calls `gateway` so many times a second; so many calls in a row have the `same` text.

    Once faults are on, its upstream does what `fault` says in the words of the simulator's scripts, and its own calls
    bring along schemas of so many further `properties`. Callers without a deadline give up when their `patience`, in
    seconds, is at its end."""

    name: str
    gateway: str
    rate: float
    fault: str = ""
    same: int = 1
    properties: int = 0
    patience: float | None = None

    def text(self, number):
        return f"{self.name}: Ada Lovelace met Grace Hopper in London on 2026-11-23, note {number // self.same}."

    def schema(self, number):
        """One that no call brought before: it must be compiled."""
        further = {f"property-{number}-{index}": {"type": "string"} for index in range(self.properties)}
        return json.dumps({**SCHEMA, "properties": {**SCHEMA["properties"], **further}})


@dataclasses.dataclass(frozen=True)
class Gateway:
    """One instance, with what sets it apart from the defaults."""

    name: str
    in_flight_max: int = 1024
    descriptors_max: int = 4096
    settings: str = ""


GATEWAYS = (
    Gateway("main"),
    # The default budget keeps retries from becoming a storm; who loosens it must hear of one.
    Gateway("loose", settings="[retry.budget]\ncapacity = 1000000.0"),
    Gateway("narrow", in_flight_max=8, descriptors_max=256),
    Gateway("crashing"),
)

SERVICES = (
    Service("steady", "main", 10, same=3),
    Service("spiking", "main", 4, 'fault = "status"\nstatus = 503\nevery = 4'),
    Service("draining", "main", 4, 'fault = "status"\nstatus = 503'),
    Service("limited", "main", 4, 'fault = "status"\nstatus = 429\nevery = 8'),
    Service("cut-off", "main", 2, 'fault = "reset"\nevery = 10'),
    Service("locked-out", "main", 1, 'fault = "status"\nstatus = 401'),
    Service("emptied", "main", 2, 'fault = "zero_entities"'),
    Service("wordless", "main", 2, 'fault = "empty"\nevery = 3'),
    Service("cut-short", "main", 2, 'fault = "truncated"\nevery = 2'),
    Service("talkative", "main", 2, 'fault = "prose"\nevery = 3'),
    Service("misshapen", "main", 2, 'fault = "wrong_schema"\nevery = 3'),
    Service("refused", "main", 2, 'fault = "refused"\nevery = 2'),
    Service("making-up", "main", 2, 'fault = "invented"'),
    Service("slowed", "main", 8, 'fault = "slow"\ndelay = "11s"'),
    Service("impatient", "main", 2, 'fault = "slow"\ndelay = "3s"', patience=1.0),
    Service("storming", "loose", 4, 'fault = "status"\nstatus = 503'),
    Service("laborious", "loose", 2, properties=1000),
    Service("crowding", "narrow", 4, 'fault = "slow"\ndelay = "4s"'),
    Service("unlucky", "crashing", 1),
)


def fault_script():
    """The simulator's script with all faults."""
    faults = [f'[[fault]]\n{service.fault}\nmatch = "{service.name}: "\n' for service in SERVICES if service.fault]
    return LATENCY + "".join(faults)


def calm_script():
    """The simulator's script without any fault."""
    return LATENCY
