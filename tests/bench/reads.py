"""Measures details and relations of entities, alone and while the view folds a thousand records a
second.

Half of the entities belong to another tenant. The graph is folded once per round, which takes
minutes. The figures are those of the view's interface, without HTTP.
"""

import os
import tempfile

import processes

ENTITIES = int(os.environ.get("BENCH_ENTITIES", 1_000_000))
ASSOCIATIONS = 5 * ENTITIES
READS = 2_000
RECORDS_PER_S = 1_000
GOALS_MS = {"details": 5, "relations": 50}


def once(binaries, folder):
    with tempfile.TemporaryDirectory(dir=folder) as own:
        return processes.run_json(binaries, [binaries / "entity_reads", own, ENTITIES, ASSOCIATIONS, READS, RECORDS_PER_S])


def run(binaries, folder, rounds):
    results = [once(binaries, folder) for _ in range(min(rounds, 1))]
    rows = []
    for when in ("idle", "while_folding"):
        for what in ("details", "relations", "details_of_hub", "relations_of_hub"):
            one = results[0][when][what]
            row = {"bench": "reads", "what": f"{what.replace('_', ' ')}, {when.replace('_', ' ')}", "unit": "a second",
                   **dict.fromkeys(("rate", "least", "most"), 1000 / one["p50_ms"]), "ratios": [],
                   "p50_ms": one["p50_ms"], "p99_ms": one["p99_ms"], "right": one["seen"] > 1,
                   "note": f"longest {one['max_ms']:.0f} ms; {one['seen']:.0f} seen"}
            if what in GOALS_MS:
                row["note"] += f"; goal p99 {GOALS_MS[what]} ms: {'reached' if one['p99_ms'] <= GOALS_MS[what] else 'MISSED'}"
            rows.append(row)
    rows[0]["note"] += f"; {results[0]['folded_per_s']:,.0f} records/s folded, {results[0]['view_mib']} MiB"
    return rows, {"reads": results}
