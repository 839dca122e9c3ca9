"""Registers intents with confiture's own registry, and says how long each took.

It reads one JSON object a line from standard input, and answers each with one. Times are seconds
inside `register`, as a program that imports confiture sees them.
"""

import json
import sys
import threading
import time

import psycopg
from confiture.integrations.pggit.coordination import IntentRegistry


def declared(intent):
    return {
        "agent_id": intent["agent"],
        "feature_name": intent["feature"],
        "schema_changes": [intent["sql"]],
        "tables_affected": [intent["table"]],
    }


class Registry:
    def __init__(self, dsn):
        self.dsn = dsn
        self.registry = IntentRegistry(psycopg.connect(dsn))

    def fill(self, intents):
        """Registers intents that stay active: what is in conflict is matched only once it is worked on."""
        for intent in intents:
            made = self.registry.register(**declared(intent))
            self.registry.mark_in_progress(made.id)
        return {}

    def register(self, intent):
        started = time.perf_counter()
        made = self.registry.register(**declared(intent))
        took = time.perf_counter() - started
        found = {c.intent_b if c.intent_a == made.id else c.intent_a for c in self.registry.get_conflicts(made.id)}
        self.registry.mark_abandoned(made.id)
        return {"seconds": took, "found": len(found)}

    def race(self, intents):
        """Registers all at once, each over a connection of its own."""
        registries = [IntentRegistry(psycopg.connect(self.dsn)) for _ in intents]
        barrier = threading.Barrier(len(intents) + 1)
        made = []

        def run(registry, intent):
            barrier.wait()
            made.append(registry.register(**declared(intent)).id)

        threads = [threading.Thread(target=run, args=pair) for pair in zip(registries, intents)]
        for thread in threads:
            thread.start()
        started = time.perf_counter()
        barrier.wait()
        for thread in threads:
            thread.join()
        took = time.perf_counter() - started
        pairs = {
            frozenset((conflict.intent_a, conflict.intent_b))
            for intent in made
            for conflict in self.registry.get_conflicts(intent)
        }
        for intent in made:
            self.registry.mark_abandoned(intent)
        for registry in registries:
            registry._connection.close()
        return {"seconds": took, "found": sum(1 for pair in pairs if pair <= set(made)), "kept": len(made)}


def main():
    registry = Registry(sys.argv[1])
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(getattr(registry, asked["do"])(asked["what"])), flush=True)


main()
