"""Rows of figures, and the table for readers."""

import statistics


def median(results, field):
    return statistics.median(r[field] for r in results)


def row(bench, what, results, unit, rate):
    """A row: the median and extremes of the rate over all rounds, and the medians of CPU and
    memory."""
    rates = [rate(r) for r in results]
    return {
        "bench": bench,
        "what": what,
        "unit": unit,
        "rate": statistics.median(rates),
        "least": min(rates),
        "most": max(rates),
        "cpu_s": median(results, "cpu_s"),
        "peak_mib": median(results, "peak_mib"),
        "ratios": [],
    }


def ratio(rivals, results, name, goal=None):
    """The speed relative to the rival: the median over rounds, each compared with the rival of the
    same round."""
    each = [rival["seconds"] / own["seconds"] for rival, own in zip(rivals, results)]
    return {"to": name, "ratio": statistics.median(each), "least": min(each), "most": max(each), "goal": goal}


def show_ratio(one):
    text = f"{one['ratio']:.2f} × {one['to']}"
    if one["goal"] is None:
        return text
    reached = "reached" if one["ratio"] >= one["goal"] else "MISSED"
    return f"{text} ({one['least']:.2f}–{one['most']:.2f}; goal {one['goal']}: {reached})"


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def table(rows):
    head = ["bench", "what", "rate (least–most)", "p50 ms", "p99 ms", "CPU s", "peak MiB", "compared"]
    lines = [head]
    for r in rows:
        remarks = [show_ratio(one) for one in r["ratios"]]
        remarks += [r["note"]] if "note" in r else []
        remarks += [] if r["right"] else ["WRONG ANSWERS"]
        lines.append([
            r["bench"],
            r["what"],
            f"{number(r['rate'])} {r['unit']} ({number(r['least'])}–{number(r['most'])})",
            f"{r['p50_ms']:.2f}" if "p50_ms" in r else "",
            f"{r['p99_ms']:.2f}" if "p99_ms" in r else "",
            f"{r['cpu_s']:.2f}" if "cpu_s" in r else "",
            f"{r['peak_mib']:.1f}" if "peak_mib" in r else "",
            "; ".join(remarks),
        ])
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines)
