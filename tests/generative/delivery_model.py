"""What a register must be after any deliveries: a model in memory, of places and the stacks sent for each.

It knows nothing of ledgers, files or SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.office import KEPT, batch_id, content_of

Flagged = list[tuple[str, str, str]]
Rows = dict[str, str] | Flagged


@dataclass
class Sent:
    """A delivery in the inbox, and what became of it."""

    sequence: int
    rows: Rows
    replaces: int | None = None
    arrival: int = 0
    state: str = "sent"
    was_accepted: bool = False

    @property
    def content(self) -> bytes:
        return content_of(self.rows)

    @property
    def name(self) -> str:
        return batch_id(self.sequence, self.rows)

    def judged(self, refused_word: str) -> str:
        words = [word for _, word, flag in self.flagged() if flag != "D"]
        return "refused" if words.count(refused_word) * 2 > len(words) else "passed"

    def flagged(self) -> Flagged:
        return [(k, w, "F") for k, w in self.rows.items()] if isinstance(self.rows, dict) else self.rows

    def applied(self, register: dict[str, str]) -> dict[str, str]:
        after = {} if isinstance(self.rows, dict) else dict(register)
        for key, word, flag in self.flagged():
            if flag == "D":
                after.pop(key, None)
            elif word != "odd":
                after[key] = word
        return after


@dataclass
class Model:
    """Stacks of deliveries by place; in effect at a place is the topmost that was accepted."""

    stacks: dict[int, list[Sent]] = field(default_factory=dict)
    turned_away: set[int] = field(default_factory=set)
    refused_word: str = "bad"
    arrivals: int = 0
    waiting: Sent | None = None

    def everything(self) -> list[Sent]:
        return [sent for place in sorted(self.stacks) for sent in self.stacks[place]]

    def top(self, place: int) -> Sent | None:
        accepted = [s for s in self.stacks[place] if s.was_accepted]
        return accepted[-1] if accepted else None

    def pending(self, place: int) -> Sent | None:
        """The one that may still take its turn: the last that passed, above what is in effect."""
        stack, top = self.stacks[place], self.top(place)
        above = stack[stack.index(top) + 1 :] if top else stack
        passed = [s for s in above if s.state == "passed" and not s.was_accepted]
        return passed[-1] if passed else None

    def register(self, instead: tuple[int, Sent] | None = None) -> dict[str, str]:
        tops = {place: top for place in self.stacks if (top := self.top(place))} | dict(
            [instead] if instead else []
        )
        register: dict[str, str] = {}
        for place in sorted(tops):
            register = tops[place].applied(register)
        return register

    def live(self, place: int) -> list[Sent]:
        wanted = (self.top(place), self.pending(place))
        return [s for s in self.stacks[place] if s in wanted or s.state == "landed"]

    def take_in(self, sent: Sent) -> str:
        fate = self.fate_of(sent)
        self.turned_away |= {sent.sequence} if fate in ("PB-DL-012", "PB-DL-013") else set()
        return fate

    def fate_of(self, sent: Sent) -> str:
        """Land a delivery, or say why not."""
        known = [s for s in self.everything() if s.state != "refused"]
        if sent.replaces is not None:
            place = self.place_of(sent.replaces, known)
            fate = "PB-DL-019" if place is None else self.fate_of_correction(sent, place)
        else:
            place, fate = sent.sequence, self.fate_in_order(sent, known)
        if place is not None and fate == "landed":
            self.put(place, sent)
        return fate

    def fate_in_order(self, sent: Sent, known: list[Sent]) -> str:
        same = [s for s in known if s.sequence == sent.sequence]
        if same:
            return "redelivered" if any(s.content == sent.content for s in same) else "PB-DL-012"
        is_older = any(s.sequence > sent.sequence for s in known if s.state != "withdrawn")
        return "PB-DL-013" if is_older else "landed"

    def fate_of_correction(self, sent: Sent, place: int) -> str:
        there = self.live(place) if place in self.stacks else []
        if there and there[-1].content == sent.content:
            return "redelivered"
        is_live = any(s.name == sent.name for p in self.stacks for s in self.live(p))
        return "postponed" if is_live else "landed"

    def place_of(self, sequence: int, known: list[Sent]) -> int | None:
        places = {s.name: place for place, stack in self.stacks.items() for s in stack}
        if any(places[s.name] == sequence for s in known):
            return sequence
        moved = [s for s in known if s.sequence == sequence]
        refused = [s for s in self.everything() if s.state == "refused" and s.sequence == sequence]
        if moved:
            return places[max(moved, key=lambda s: s.arrival).name]
        if refused:
            return places[refused[-1].name]
        return sequence if sequence in self.turned_away else None

    def put(self, place: int, sent: Sent) -> None:
        for stack in self.stacks.values():
            stack[:] = [s for s in stack if s.name != sent.name]
        self.arrivals += 1
        sent.arrival, sent.state = self.arrivals, "landed"
        self.stacks.setdefault(place, []).append(sent)

    def judge(self, those: list[Sent]) -> None:
        """Take deliveries through their gate in order, each with all that follows from it."""
        for turn, sent in enumerate(those):
            sent.state = sent.judged(self.refused_word)
            sent.was_accepted = sent.was_accepted and sent.state == "passed"
            self.take_turns(those[turn + 1 :])
        self.take_turns([])

    def take_turns(self, not_yet: list[Sent]) -> None:
        self.waiting = None
        for place in sorted(self.stacks):
            pending = self.pending(place)
            if pending in not_yet:
                return
            if pending is not None and self.is_too_much(place, pending):
                self.waiting = pending
                return
            if pending is not None:
                pending.was_accepted = True
            if any(s in not_yet and s.state == "landed" for s in self.stacks[place]):
                return

    def is_too_much(self, place: int, pending: Sent) -> bool:
        now, after = self.register(), self.register((place, pending))
        is_full = any(isinstance(s.rows, dict) for s in (pending, self.top(place)) if s)
        return is_full and len(set(now) - set(after)) > KEPT * len(now)

    def again(self) -> list[Sent]:
        """What a replay of everything does again."""
        chosen = []
        for place in sorted(self.stacks):
            stack = self.stacks[place]
            for n, sent in enumerate(stack):
                lost = sent.state == "refused" and any(
                    s.state not in ("refused", "withdrawn") for s in stack[n + 1 :]
                )
                chosen += [sent] if sent.state != "withdrawn" and not lost else []
        return chosen

    def states(self) -> dict[str, str]:
        states = {s.name: "replaced" if s.state == "passed" else s.state for s in self.everything()}
        for place in self.stacks:
            top, pending = self.top(place), self.pending(place)
            states |= {top.name: "accepted"} if top else {}
            states |= {pending.name: "waiting" if pending is self.waiting else "queued"} if pending else {}
        return states
