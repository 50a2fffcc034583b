"""The journal's last part: verdicts, decisions and releases, which are kept for ever."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import ColumnElement, Table, select, update

from storage.database.engine import translated
from storage.database.tables import decisions, releases, verdicts, withdrawals
from storage.database.upsert import upsert
from storage.journal_reading import JournalReading
from storage.journal_records import DecisionRecord, ReleaseRecord, VerdictRecord, WithdrawalRecord
from storage.manifests import canonical_json


class JournalJudgments(JournalReading):
    """Reading, and the records that a release rests on."""

    def record_verdict(
        self,
        candidate_digest: str,
        dataset: str,
        period: str,
        run_id: str,
        verdict: str,
        reasons: list[str] | tuple[str, ...],
        measures: dict[str, Any],
        contract_version: str,
        strategy_version: str,
        consent_root: str | None,
        judged_at: datetime,
    ) -> None:
        """Keep a verdict for ever. Coming to the same one again only renews its run and moment."""
        found = {
            "candidate_digest": candidate_digest,
            "dataset": dataset,
            "period": period,
            "verdict": verdict,
            "reasons": list(reasons),
            "measures": measures,
            "contract_version": contract_version,
            "strategy_version": strategy_version,
            "consent_root": consent_root,
        }
        name = sha256(canonical_json(found)).hexdigest()
        self._upsert(verdicts, found | {"verdict_id": name, "run_id": run_id, "judged_at": judged_at}, "a verdict")

    def verdict(self, candidate_digest: str) -> VerdictRecord | None:
        """The latest verdict on a candidate: compare its contract, strategy and consent with today's."""
        found = self._verdicts(verdicts.c.candidate_digest == candidate_digest)
        return found[0] if found else None

    def record_decision(
        self,
        candidate_digest: str,
        contract_version: str,
        strategy_version: str,
        approved: bool,
        decided_by: str,
        triggered_by: str | None,
        comment: str,
        decided_at: datetime,
    ) -> None:
        """Add a person's decision. The same decision (person and moment) recorded again is the same line."""
        values = {
            "candidate_digest": candidate_digest,
            "contract_version": contract_version,
            "strategy_version": strategy_version,
            "approved": approved,
            "decided_by": decided_by,
            "triggered_by": triggered_by,
            "comment": comment,
            "decided_at": decided_at,
        }
        self._write(upsert(self._engine, decisions, values, update=False), "a decision")

    def decision(self, candidate_digest: str) -> DecisionRecord | None:
        """The latest decision on a candidate: it binds the contract and strategy versions it names, no others."""
        found = self._decisions(decisions.c.candidate_digest == candidate_digest)
        return found[0] if found else None

    def record_release(
        self,
        dataset: str,
        major: int,
        period: str,
        candidate_digest: str,
        content: str,
        rows: int,
        url: str,
        run_id: str,
        files: list[dict[str, Any]] | tuple[dict[str, Any], ...],
        released_at: datetime,
    ) -> None:
        """Record a published period; `content` is the candidate's. The same candidate again is the same line."""
        values = {
            "dataset": dataset,
            "major": major,
            "period": period,
            "candidate_digest": candidate_digest,
            "content": content,
            "rows": rows,
            "url": url,
            "run_id": run_id,
            "files": list(files),
            "released_at": released_at,
        }
        self._upsert(releases, values, "a release")

    def releases(self, dataset: str, major: int | None = None) -> list[ReleaseRecord]:
        """The current release of each period (of one major, or of all), in order; withdrawn ones are none."""
        found: dict[tuple[int, str], ReleaseRecord] = {}
        for release in self.standing_releases(dataset):  # latest first
            if major is None or release.major == major:
                found.setdefault((release.major, release.period), release)
        return [found[key] for key in sorted(found)]

    def standing_releases(self, dataset: str) -> list[ReleaseRecord]:
        """Every release of a dataset that was not withdrawn since, latest first."""
        gone: dict[tuple[int, str], datetime] = {}
        for each in self.withdrawals(dataset):  # oldest first
            gone[(each.major, each.period)] = each.requested_at
        return [
            release
            for release in self.release_history(dataset)
            if (at := gone.get((release.major, release.period))) is None or release.released_at > at
        ]

    def request_withdrawal(
        self, dataset: str, major: int, period: str, reason: str, run_id: str, requested_at: datetime
    ) -> None:
        """Record that a period's releases must go; one that is already asked for and not done stands for it."""
        pending = self.withdrawals(dataset, pending=True)
        if any((each.major, each.period) == (major, period) for each in pending):
            return
        values = {
            "dataset": dataset,
            "major": major,
            "period": period,
            "requested_at": requested_at,
            "reason": reason,
            "run_id": run_id,
            "done_at": None,
        }
        self._upsert(withdrawals, values, "a withdrawal")

    def finish_withdrawal(self, withdrawal: WithdrawalRecord, done_at: datetime) -> None:
        """Nothing of the period is left in the open."""
        where = (
            withdrawals.c.dataset == withdrawal.dataset,
            withdrawals.c.major == withdrawal.major,
            withdrawals.c.period == withdrawal.period,
            withdrawals.c.requested_at == withdrawal.requested_at,
        )
        self._write(update(withdrawals).where(*where).values(done_at=done_at), "a withdrawal")

    def withdrawals(self, dataset: str, *, pending: bool = False) -> list[WithdrawalRecord]:
        """What had to go of a dataset, oldest first; with `pending`, what is not done."""
        where = [withdrawals.c.dataset == dataset, *([withdrawals.c.done_at.is_(None)] if pending else [])]
        statement = select(withdrawals).where(*where).order_by(withdrawals.c.requested_at)
        return [WithdrawalRecord(**row) for row in self._all(statement, "withdrawals")]

    def _upsert(
        self, table: Table, values: dict[str, Any], what: str, expressions: dict[str, ColumnElement[Any]] | None = None
    ) -> None:
        self._write(upsert(self._engine, table, values, expressions=expressions), what)

    def _write(self, statement: Any, what: str) -> None:
        self._write_together([statement], what)

    def _write_together(self, statements: list[Any], what: str) -> None:
        """All of them, or none."""
        with translated(what), self._engine.begin() as connection:
            for statement in statements:
                connection.execute(statement)
