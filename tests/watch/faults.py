"""All faults at once, and their end."""

import socket
import threading
import time

from services import calm_script, fault_script

HOARD = 200
# What an HTTP/2 client says first; who stays silent is shown the door.
GREETING = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


class Faults:
    """What goes wrong in one world while the `with` block runs."""

    def __init__(self, world):
        self._world = world
        self._connections = []
        self._over = threading.Event()
        self._crashes = threading.Thread(target=self._crash_over_and_over, daemon=True)

    def __enter__(self):
        world = self._world
        world.simulator.script(fault_script())
        world.faulty.set()
        world.collector.stop()
        world.prometheus.also_scrape([world.pretender.address])
        host, port = world.gateways["narrow"].address.split(":")
        for _ in range(HOARD):
            connection = socket.create_connection((host, int(port)))
            connection.sendall(GREETING)
            self._connections.append(connection)
        self._crashes.start()

    def __exit__(self, *_):
        world = self._world
        self._over.set()
        self._crashes.join()
        for connection in self._connections:
            connection.close()
        world.prometheus.also_scrape([])
        world.collector.start()
        world.faulty.clear()
        world.simulator.script(calm_script())

    def _crash_over_and_over(self):
        """Each start is left alone until Prometheus has seen it."""
        gateway = self._world.gateways["crashing"]
        started = f'process_start_time_seconds{{instance="{gateway.admin}"}}'
        while not self._over.is_set():
            crashed = time.time()
            gateway.process.kill()
            gateway.start()
            while not self._over.is_set() and not self._world.prometheus.query(f"{started} > {crashed}"):
                self._over.wait(0.2)


class Outage:
    """No gateway runs while the `with` block runs."""

    def __init__(self, world):
        self._gateways = world.gateways.values()

    def __enter__(self):
        for gateway in self._gateways:
            gateway.process.kill()

    def __exit__(self, *_):
        for gateway in self._gateways:
            gateway.start()
