"""The table: what was measured, ours and the peer's, the aim, and whether it is met."""
from dataclasses import asdict, dataclass
from typing import Optional


@dataclass
class Line:
    load: str
    what: str
    ours: Optional[float]
    peer: Optional[float] = None
    unit: str = ""
    aim: str = ""                # for people
    met: Optional[bool] = None   # None: there is no aim, or no peer to measure it by
    more: bool = True            # more is better
    compared: bool = True        # a ratio says something

    def ratio(self):
        """How many times as good as the peer."""
        if self.ours is None or self.peer is None or not self.compared:
            return None
        good, bad = (self.ours, self.peer) if self.more else (self.peer, self.ours)
        return good / bad if bad else None


def at_least(ours, times, peer):
    """Is ours at least so many times the peer's? None without a peer."""
    return None if ours is None or peer is None else ours >= times * peer


def shown(value, unit):
    if value is None:
        return "-"
    if unit in ("", "%", "ms", "MiB") or abs(value) >= 100:
        return f"{value:,.0f} {unit}".strip()
    return f"{value:,.2f} {unit}".strip()


def cells(line):
    ratio = line.ratio()
    met = {None: "", True: "met", False: "MISSED"}[line.met]
    return [line.load, line.what, shown(line.ours, line.unit), shown(line.peer, line.unit),
            "-" if ratio is None else f"{ratio:.2f} x", line.aim, met]


HEAD = ["load", "what", "Mains", "llama.cpp", "ratio", "aim", ""]


def text(lines):
    """A Markdown table whose columns also stand under each other."""
    rows = [HEAD] + [cells(line) for line in lines]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEAD))]
    out = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |"
           for row in rows]
    out.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(out)


def as_json(lines):
    return [asdict(line) | {"ratio": line.ratio()} for line in lines]
