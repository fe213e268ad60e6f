"""Generated sessions of two tenants, compared step by step with a model of what each may see and do.

The model knows the rows, the context and the savepoints. Whatever PostgreSQL answers differently is a leak or a bug.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, LiteralString, NamedTuple, cast

import psycopg
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from tests.support.database import Connection, Database
from tests.support.tenants import Tenant, create_tenant

NOBODY, FORGED = None, -1  # contexts beside the tenants 0 and 1
INSUFFICIENT_PRIVILEGE, UNIQUE_VIOLATION = "42501", "23505"


class Row(NamedTuple):
    tenant: int
    id: int
    n: int


Rows = frozenset[Row]


@dataclass(frozen=True)
class State:
    rows: Rows
    context: int | None = NOBODY

    @property
    def visible(self) -> Rows:
        return frozenset(row for row in self.rows if row.tenant == self.context)


@dataclass(frozen=True)
class Condition:
    """The SQL of a condition on the row of an alias, and whether it holds for a row, given all that are visible."""

    sql: Callable[[str], str]
    holds: Callable[[Row, Rows], bool]

    def __repr__(self) -> str:
        return self.sql("t")


OPERATORS: dict[str, Callable[[int, int], bool]] = {"<": int.__lt__, "=": int.__eq__, "<>": int.__ne__, ">": int.__gt__}


def comparison(column: str, operator: str, value: int) -> Condition:
    holds = OPERATORS[operator]
    return Condition(lambda t: f"{t}.{column} {operator} {value}", lambda row, _: holds(getattr(row, column), value))


def belongs_to(tenant: int) -> Condition:
    return Condition(lambda t: f"{t}.tenant_id = TENANT_{tenant}", lambda row, _: row.tenant == tenant)


def negation(c: Condition) -> Condition:
    return Condition(lambda t: f"NOT ({c.sql(t)})", lambda row, rows: not c.holds(row, rows))


def conjunction(c: Condition, d: Condition) -> Condition:
    sql = lambda t: f"({c.sql(t)} AND {d.sql(t)})"  # noqa: E731
    return Condition(sql, lambda row, rows: c.holds(row, rows) and d.holds(row, rows))


def disjunction(c: Condition, d: Condition) -> Condition:
    return negation(conjunction(negation(c), negation(d)))


def membership(c: Condition) -> Condition:
    return Condition(
        lambda t: f"{t}.n IN (SELECT {t}s.id FROM notes {t}s WHERE {c.sql(t + 's')})",
        lambda row, rows: any(row.n == other.id for other in rows if c.holds(other, rows)),
    )


def existence(c: Condition) -> Condition:
    return Condition(
        lambda t: f"EXISTS (SELECT FROM notes {t}s WHERE {t}s.n > {t}.n AND {c.sql(t + 's')})",
        lambda row, rows: any(other.n > row.n and c.holds(other, rows) for other in rows),
    )


def abundance(c: Condition) -> Condition:
    return Condition(
        lambda t: f"(SELECT count(*) FROM notes {t}s WHERE {c.sql(t + 's')}) > 1",
        lambda _, rows: sum(c.holds(other, rows) for other in rows) > 1,
    )


small = st.integers(0, 5)
tenants = st.integers(0, 1)
conditions = st.recursive(
    st.just(Condition(lambda _: "true", lambda _row, _rows: True))
    | st.builds(comparison, st.sampled_from(["id", "n"]), st.sampled_from(list(OPERATORS)), small)
    | st.builds(belongs_to, tenants),
    lambda c: (
        st.builds(conjunction, c, c)
        | st.builds(disjunction, c, c)
        | st.sampled_from([negation, membership, existence, abundance]).flatmap(lambda f: st.builds(f, c))
    ),
    max_leaves=4,
)


class Session(RuleBasedStateMachine):
    """What the attacker does on one connection, with credentials of both tenants to change between them."""

    def __init__(self, app: Connection, superuser: Connection, known: list[Tenant]) -> None:
        super().__init__()
        self.app, self.superuser, self.known = app, superuser, known
        self.numbers = {tenant.tenant_id: number for number, tenant in enumerate(known)}
        self.tokens: list[tuple[str, int]] = []
        self.state = State(frozenset(Row(tenant, i, i) for tenant in range(2) for i in range(4)))
        self.superuser.execute("TRUNCATE notes")
        self.superuser.execute(self.literal("INSERT INTO notes SELECT TENANT_0, i, i FROM generate_series(0, 3) i"))
        self.superuser.execute(self.literal("INSERT INTO notes SELECT TENANT_1, i, i FROM generate_series(0, 3) i"))
        self.begin()

    def literal(self, statement: str) -> LiteralString:
        for number, tenant in enumerate(self.known):
            statement = statement.replace(f"TENANT_{number}", f"'{tenant.tenant_id}'")
        return cast(LiteralString, statement)

    def query(self, statement: str) -> Counter[tuple[Any, ...]]:
        """Return the rows of a query; none when it is refused, as only a context that does not verify may be."""
        try:
            with self.app.transaction():
                return Counter(self.app.execute(self.literal(statement)).fetchall())
        except psycopg.errors.InsufficientPrivilege:
            assert self.state.context == FORGED, statement
            return Counter()

    def change(self, statement: str, outcome: Rows | str) -> None:
        """Run a statement that the model expects to lead to certain rows, or to fail with an SQLSTATE."""
        sqlstate = None
        try:
            with self.app.transaction():
                self.app.execute(self.literal(statement))
        except psycopg.Error as error:
            sqlstate = error.sqlstate
        if sqlstate is None:
            assert not isinstance(outcome, str), f"{statement} went through"
            self.state = replace(self.state, rows=outcome)
        else:
            assert sqlstate == (INSUFFICIENT_PRIVILEGE if self.state.context == FORGED else outcome), statement

    def insertion(self, tenant: int | None, new: Rows) -> Rows | str:
        """Return the outcome of an INSERT of rows for a tenant."""
        if new and tenant != self.state.context:
            return INSUFFICIENT_PRIVILEGE
        taken = {(row.tenant, row.id) for row in self.state.rows}
        return UNIQUE_VIOLATION if any((row.tenant, row.id) in taken for row in new) else self.state.rows | new

    def selected(self, condition: Condition) -> Rows:
        visible = self.state.visible
        return frozenset(row for row in visible if condition.holds(row, visible))

    # Transactions, savepoints and contexts

    def begin(self) -> None:
        self.app.execute("BEGIN")
        self.tokens_before = len(self.tokens)
        self.beginning, self.savepoints = self.state, list[State]()

    @rule(commit=st.booleans())
    def end(self, commit: bool) -> None:
        self.app.execute("COMMIT" if commit else "ROLLBACK")
        self.state = State(self.state.rows if commit else self.beginning.rows)
        stored = self.superuser.execute("SELECT tenant_id, id, n FROM notes").fetchall()
        assert Counter(Row(self.numbers[tenant], i, n) for tenant, i, n in stored) == Counter(self.state.rows)
        self.begin()

    @rule()
    def savepoint(self) -> None:
        self.app.execute("SAVEPOINT s")
        self.savepoints.append(self.state)

    @precondition(lambda self: self.savepoints)
    @rule(release=st.booleans())
    def back_to_savepoint(self, release: bool) -> None:
        self.app.execute("ROLLBACK TO s")
        self.state = self.savepoints[-1]
        if release:
            self.app.execute("RELEASE s")
            self.savepoints.pop()

    @rule(tenant=tenants)
    def authenticate(self, tenant: int) -> None:
        self.app.execute("SELECT tenantry.authenticate(%s)", [self.known[tenant].api_key])
        token = self.app.execute("SELECT current_setting('tenantry.context')").fetchone()
        assert token is not None
        self.tokens.append((token[0], tenant))
        self.state = replace(self.state, context=tenant)

    @rule(statement=st.sampled_from(["SELECT tenantry.leave_tenant()", "RESET tenantry.context"]))
    def leave(self, statement: LiteralString) -> None:
        self.app.execute(statement)
        self.state = replace(self.state, context=NOBODY)

    @rule(tenant=tenants, data=st.data())
    def forge(self, tenant: int, data: st.DataObject) -> None:
        """Set a context that is made up, taken from another tenant's, or from this or an earlier transaction."""
        made_up = self.literal(f"TENANT_{tenant}").strip("'") + "|"
        edited = [(made_up + token.split("|", 1)[1], FORGED) for token, owner in self.tokens if owner != tenant]
        replayed = [(token, FORGED) for token, _ in self.tokens[: self.tokens_before]]
        genuine = self.tokens[self.tokens_before :]
        token, context = data.draw(st.sampled_from([(made_up, FORGED), *edited, *replayed, *genuine]))
        self.app.execute("SELECT set_config('tenantry.context', %s, true)", [token])
        self.state = replace(self.state, context=context)

    @rule(tenant=tenants)
    def plain_setting(self, tenant: int) -> None:
        self.app.execute(self.literal(f"SELECT set_config('app.current_tenant_id', TENANT_{tenant}, true)"))

    # Statements

    @rule(condition=conditions)
    def select(self, condition: Condition) -> None:
        found = self.query(f"SELECT t.tenant_id, t.id, t.n FROM notes t WHERE {condition.sql('t')}")
        assert Counter(Row(self.numbers[tenant], i, n) for tenant, i, n in found) == Counter(self.selected(condition))

    @rule(condition=conditions)
    def join(self, condition: Condition) -> None:
        pairs = self.query(f"SELECT t.id, u.id FROM notes t JOIN notes u ON u.n >= t.n WHERE {condition.sql('t')}")
        selected = self.selected(condition)
        assert pairs == Counter((t.id, u.id) for t in selected for u in self.state.visible if u.n >= t.n)

    @rule(condition=conditions, n=small)
    def update(self, condition: Condition, n: int) -> None:
        old = self.selected(condition)
        new = frozenset(row._replace(n=n) for row in old)
        self.change(f"UPDATE notes t SET n = {n} WHERE {condition.sql('t')}", self.state.rows - old | new)

    @rule(condition=conditions, tenant=tenants)
    def give_away(self, condition: Condition, tenant: int) -> None:
        refused = self.selected(condition) and tenant != self.state.context
        statement = f"UPDATE notes t SET tenant_id = TENANT_{tenant} WHERE {condition.sql('t')}"
        self.change(statement, INSUFFICIENT_PRIVILEGE if refused else self.state.rows)

    @rule(condition=conditions)
    def delete(self, condition: Condition) -> None:
        statement = f"DELETE FROM notes t WHERE {condition.sql('t')}"
        self.change(statement, self.state.rows - self.selected(condition))

    @rule(tenant=tenants, i=small, n=small)
    def insert(self, tenant: int, i: int, n: int) -> None:
        statement = f"INSERT INTO notes VALUES (TENANT_{tenant}, {i}, {n})"
        self.change(statement, self.insertion(tenant, frozenset({Row(tenant, i, n)})))

    @rule(i=small, n=small)
    def insert_by_default(self, i: int, n: int) -> None:
        context = self.state.context
        if context in (NOBODY, FORGED):
            outcome: Rows | str = INSUFFICIENT_PRIVILEGE
        else:
            outcome = self.insertion(context, frozenset({Row(cast(int, context), i, n)}))
        self.change(f"INSERT INTO notes (id, n) VALUES ({i}, {n})", outcome)

    @rule(condition=conditions, tenant=tenants)
    def copy(self, condition: Condition, tenant: int) -> None:
        new = frozenset(Row(tenant, row.id + 3, row.n) for row in self.selected(condition))
        statement = f"INSERT INTO notes SELECT TENANT_{tenant}, t.id + 3, t.n FROM notes t WHERE {condition.sql('t')}"
        self.change(statement, self.insertion(tenant, new))

    @rule(tenant=tenants, i=small, n=small, overwrite=st.booleans())
    def upsert(self, tenant: int, i: int, n: int, overwrite: bool) -> None:
        old = frozenset(row for row in self.state.visible if row.id == i)
        new = frozenset({Row(tenant, i, n)})
        rows = self.state.rows if old and not overwrite else self.state.rows - old | new
        action = "(tenant_id, id) DO UPDATE SET n = excluded.n" if overwrite else "DO NOTHING"
        statement = f"INSERT INTO notes VALUES (TENANT_{tenant}, {i}, {n}) ON CONFLICT {action}"
        self.change(statement, rows if tenant == self.state.context else INSUFFICIENT_PRIVILEGE)

    @rule(condition=conditions, tenant=tenants, first=small)
    def merge(self, condition: Condition, tenant: int, first: int) -> None:
        old = self.selected(condition)
        new = frozenset(Row(tenant, i, i) for i in range(first, 6)) - {Row(tenant, row.id, row.id) for row in old}
        inserted = self.insertion(tenant, new)
        self.change(
            f"MERGE INTO notes t USING generate_series(0, 99) i ON t.id = i AND {condition.sql('t')}"
            f" WHEN MATCHED THEN DELETE"
            f" WHEN NOT MATCHED AND i BETWEEN {first} AND 5 THEN INSERT VALUES (TENANT_{tenant}, i, i)",
            inserted if isinstance(inserted, str) else inserted - old,
        )

    def teardown(self) -> None:
        self.app.execute("ROLLBACK")


def test_generated_sessions(database: Database) -> None:
    app, superuser, dba = (database.connect(role) for role in ("app", "postgres", "dba"))
    known = [create_tenant(dba, "acme"), create_tenant(dba, "globex")]
    dba.execute("CREATE TABLE notes (tenant_id uuid, id int, n int, PRIMARY KEY (tenant_id, id))")
    dba.execute("SELECT tenantry.protect('notes')")
    dba.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON notes TO tenantry_app")
    run_state_machine_as_test(
        lambda: Session(app, superuser, known),
        settings=settings(max_examples=200, stateful_step_count=30, deadline=None),
    )
