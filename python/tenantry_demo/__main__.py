"""The demo: three tenants, real documents, and an attacker.

Run by `make demo`, with libpq's environment pointing at a server as a superuser. Everything printed was measured or
answered in this run.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from statistics import median
from textwrap import shorten
from uuid import UUID, uuid4

import psycopg

from tenantry import SearchResult, TenantPool
from tenantry_demo.attacks import Connection, Outcome, Stage, attempt, list_attacks
from tenantry_demo.corpus import CORPORA, Corpus, Question, load_corpus, load_questions
from tenantry_demo.installation import APP, DBA, conninfo, install

DATABASE = os.environ.get("PGDATABASE", "tenantry_demo")
QUESTION = "What is an index?"
ATTACKER, VICTIM = "git", "postgresql"


@dataclass(frozen=True)
class Customer:
    """A tenant with two keys: one cleared for everything, which loads, and one of an ordinary member, which asks."""

    corpus: Corpus
    tenant_id: UUID
    owner_key: str
    member_key: str


def heading(text: str) -> None:
    print(f"\n{text}\n{'─' * len(text)}")


def create_customer(dba: Connection, name: str) -> Customer:
    """Create a tenant for a corpus and issue its keys."""
    row = dba.execute("SELECT tenantry.create_tenant(%s, %s)", [name, CORPORA[name]]).fetchone()
    assert row
    keys = [
        str(
            dba.execute("SELECT api_key FROM tenantry.issue_api_key(%s, %s, %s)", [row[0], role, role]).fetchall()[0][0]
        )
        for role in ("owner", "member")
    ]
    return Customer(load_corpus(name), row[0], *keys)


def load(pool: TenantPool, customer: Customer) -> int:
    """Load a tenant's documents as that tenant, showing progress, and return the number of chunks."""
    documents = [(uuid4(), document) for document in customer.corpus.documents]
    total = sum(len(document.chunks) for _, document in documents)

    def chunk_rows() -> Iterator[tuple[UUID, int, str, list[float], str, dict[str, str]]]:
        chunks = ((id_, chunk) for id_, document in documents for chunk in document.chunks)
        for number, (id_, chunk) in enumerate(chunks, 1):
            if sys.stdout.isatty() and number % 100 == 0:
                print(f"\r  {customer.corpus.title:<18}{number:>6} of {total} chunks", end="", flush=True)
            metadata = {"source": chunk.source_uri}
            yield id_, chunk.ordinal, chunk.content, chunk.embedding.values(), chunk.permission_level, metadata

    started = time.perf_counter()
    with pool.tenant(api_key=customer.owner_key) as t:
        t.copy_rows(
            "documents",
            ["id", "title", "source_uri", "permission_level"],
            ((id_, document.title, document.source_uri, document.permission_level) for id_, document in documents),
        )
        count = t.copy_rows(
            "chunks", ["document_id", "ordinal", "content", "embedding", "permission_level", "metadata"], chunk_rows()
        )
        t.execute("INSERT INTO requests (day, question) VALUES (%s, %s)", [date(2026, 1, 1), QUESTION])
    seconds = time.perf_counter() - started
    print(f"\r  {customer.corpus.title:<18}{count:>6} chunks of {len(documents):>3} documents in {seconds:4.1f} s")
    return count


def show_answer(customer: Customer, hit: SearchResult) -> None:
    path, _, text = (hit.content or "").partition("\n")
    print(f"\n  {customer.corpus.title}: {path}")
    print(f"    {shorten(text, 180, placeholder=' …')}")
    print(f"    cosine distance {hit.distance:.3f}, {(hit.metadata or {})['source']}")


def ask_everything(pool: TenantPool, customers: list[Customer], questions: list[Question]) -> tuple[int, list[float]]:
    """Ask every question as every tenant. Return the number of answers and the seconds that each call took."""
    answers, seconds = 0, []
    for customer in customers:
        own = {chunk.content for chunk in customer.corpus.chunks()}
        for question in questions:
            with pool.tenant(api_key=customer.member_key) as t:
                started = time.perf_counter()
                hits = t.search(question.embedding.values())
                seconds.append(time.perf_counter() - started)
            foreign = [hit.id for hit in hits if hit.content not in own]
            if foreign:
                sys.exit(f"{customer.corpus.title} was shown rows of another tenant: {foreign}")
            answers += len(hits)
    return answers, seconds


def prepare_stage(pool: TenantPool, attacker: Customer, victim: Customer) -> Stage:
    """Give the attacker all that could leak: the victim's ids, and a context of the victim's that has been in use."""
    with pool.tenant(api_key=victim.owner_key) as t:
        ((context, document),) = t.execute(
            "SELECT current_setting('tenantry.context'), (SELECT id FROM documents LIMIT 1)"
        ).fetchall()
    with pool.tenant(api_key=attacker.member_key) as t:
        ((rows,),) = t.execute("SELECT count(*) FROM chunks").fetchall()
        clearance = t.identity.clearance
    everything = sum(1 for _ in attacker.corpus.chunks())
    print(f"\n  Its key is cleared for {clearance}: {rows} of its own {everything} chunks, and nobody else's.")
    return Stage(attacker.tenant_id, victim.tenant_id, attacker.member_key, context, document, rows)


def show_outcome(outcome: Outcome) -> None:
    statement = " ".join(outcome.attack.statement.split())
    print(f"\n  {outcome.attack.title}")
    print(f"    {shorten(statement, 150, placeholder=' …')}")
    print(f"    → {outcome.answer}{'' if outcome.held else '   *** LEAK ***'}")


def show_plain_pattern(app: Connection, customers: list[Customer]) -> int:
    """The same forgery against `SET app.tenant = …`, the pattern that tenantry replaces."""
    for customer in customers:
        app.execute("BEGIN")
        app.execute("SELECT set_config('app.tenant', %s, true)", [str(customer.tenant_id)])
        app.execute("INSERT INTO plain_requests VALUES (%s, %s)", [customer.tenant_id, QUESTION])
        app.execute("COMMIT")
    victim = next(customer for customer in customers if customer.corpus.name == VICTIM)
    statement = f"SELECT set_config('app.tenant', '{victim.tenant_id}', true)"
    app.execute("BEGIN")
    app.execute(statement.encode())
    ((count,),) = app.execute("SELECT count(*) FROM plain_requests").fetchall()
    app.execute("ROLLBACK")
    print(f"\n  For comparison, a policy on the plain setting app.tenant\n    {statement}")
    print(f"    → {count} row of the victim's, read without any credential")
    return int(count)


def main() -> None:
    began = time.perf_counter()
    heading("1. A database with both extensions, tables for documents and chunks, all protected")
    install(DATABASE)
    with psycopg.connect(conninfo(DBA, DATABASE), autocommit=True) as dba:
        for table, column in dba.execute("SELECT table_name::text, tenant_column FROM tenantry.protected_tables"):
            print(f"  {table:<18} isolated by {column}")
        heading("2. Three tenants, an API key each, their manuals loaded through the client")
        customers = [create_customer(dba, name) for name in CORPORA]

    with TenantPool(conninfo(APP, DATABASE), min_size=1, max_size=2) as pool:
        chunks = sum(load(pool, customer) for customer in customers)
        with psycopg.connect(dbname=DATABASE, autocommit=True) as superuser:
            superuser.execute("VACUUM ANALYZE")

        heading(f"3. “{QUESTION}” – one question, one statement, three answers")
        questions = load_questions()
        question = next(question for question in questions if question.text == QUESTION)
        for customer in customers:
            with pool.tenant(api_key=customer.member_key) as t:
                show_answer(customer, t.search(question.embedding.values(), k=1)[0])
        answers, seconds = ask_everything(pool, customers, questions)

        by_name = {customer.corpus.name: customer for customer in customers}
        attacker, victim = by_name[ATTACKER], by_name[VICTIM]
        heading(f"4. The tenant “{ATTACKER}” turns hostile and runs SQL of its choice, against “{VICTIM}”")
        stage = prepare_stage(pool, attacker, victim)

    # What the driver prepares would not survive the DISCARD ALL between attacks.
    with psycopg.connect(conninfo(APP, DATABASE), autocommit=True, prepare_threshold=None) as app:
        outcomes = []
        for attack in list_attacks(stage):
            outcomes.append(attempt(app, attack, stage))
            show_outcome(outcomes[-1])
        leaked = show_plain_pattern(app, customers)

    held = sum(outcome.held for outcome in outcomes)
    heading("Summary of this run")
    documents = sum(len(customer.corpus.documents) for customer in customers)
    print(f"  {len(customers)} tenants, {chunks} chunks of {documents} documents")
    print(
        f"  {len(seconds)} searches, {answers} answers, none of another tenant; median {median(seconds) * 1000:.1f} ms"
    )
    print(f"  {len(outcomes)} attacks, {held} held; the plain pattern fell to one statement ({leaked} row)")
    print(f"  {time.perf_counter() - began:.1f} s in all")
    host, port = os.environ.get("PGHOST", ""), os.environ.get("PGPORT", "5432")
    print(
        f"\nLook around as the application would, with a key of {attacker.corpus.name}'s (end with make demo-stop):\n"
        f"  psql -h {host} -p {port} -U {APP} {DATABASE}\n"
        f"  BEGIN; SELECT * FROM tenantry.authenticate('{attacker.member_key}'); SELECT count(*) FROM chunks; COMMIT;"
    )
    if held < len(outcomes):
        sys.exit(1)


if __name__ == "__main__":
    main()
