"""References and prompts: what one tenant can write about another, and one member in another's name."""

from uuid import uuid4

import psycopg
import pytest

from tests.search.library import add_chunk, add_document, run, value, with_role
from tests.support.database import Connection
from tests.support.tenants import Tenant, as_tenant

INSERT_CHUNK = "INSERT INTO chunks (document_id, ordinal, content) VALUES (%s, 1, 'text')"
INSERT_LINEAGE = "INSERT INTO document_lineage (document_id, parent_document_id, operation) VALUES (%s, %s, 'summary')"


def refusal_of(connection: Connection, query: str, *parameters: object) -> dict[str, str | None]:
    """Run what must fail; return all that the error tells, without the ids that the caller passed."""
    with pytest.raises(psycopg.Error) as refusal, connection.transaction():
        run(connection, query, *parameters)
    diag = refusal.value.diag
    told = {
        field: getattr(diag, field)
        for field in ("sqlstate", "message_primary", "message_detail", "message_hint", "constraint_name", "table_name")
    }
    for parameter in filter(None, parameters):
        told = {field: text and text.replace(str(parameter), "…") for field, text in told.items()}
    return told


def test_a_chunk_cannot_refer_to_another_tenants_document(app: Connection, acme: Tenant, globex: Tenant) -> None:
    with as_tenant(app, globex):
        theirs = add_document(app)
    with as_tenant(app, acme):
        run(app, INSERT_CHUNK, add_document(app))
        foreign = refusal_of(app, INSERT_CHUNK, theirs)
        assert foreign["sqlstate"] == "23503"
        # The same answer as for a document that nobody has.
        assert foreign == refusal_of(app, INSERT_CHUNK, uuid4())
        move = "UPDATE chunks SET document_id = %s"
        foreign = refusal_of(app, move, theirs)
        assert foreign["sqlstate"] == "23503"
        assert foreign == refusal_of(app, move, uuid4())
        # Nor by writing in the other tenant's name.
        named = "INSERT INTO chunks (tenant_id, document_id, ordinal, content) VALUES (%s, %s, 1, 'text')"
        assert refusal_of(app, named, globex.tenant_id, theirs)["sqlstate"] == "42501"
    with as_tenant(app, globex):
        assert run(app, "SELECT FROM chunks").rowcount == 0


def test_ids_of_another_tenant_are_free_to_use(app: Connection, acme: Tenant, globex: Tenant) -> None:
    insert = "INSERT INTO documents (id, title) VALUES (%s, 'mine') ON CONFLICT DO NOTHING"
    shared = uuid4()
    for tenant in (acme, globex):
        with as_tenant(app, tenant):
            assert run(app, insert, shared).rowcount == 1
            assert run(app, insert, shared).rowcount == 0


def test_lineage_stays_within_the_tenant_and_within_reach(
    app: Connection, dba: Connection, acme: Tenant, globex: Tenant
) -> None:
    with as_tenant(app, globex):
        theirs = add_document(app)
    with as_tenant(app, acme):
        parent, child, hidden = add_document(app), add_document(app), add_document(app, level="CONFIDENTIAL")
        run(app, INSERT_LINEAGE, child, parent)
        run(app, INSERT_LINEAGE, hidden, parent)
        assert refusal_of(app, INSERT_LINEAGE, child, child)["sqlstate"] == "23514"
        for pair in ((child, theirs), (theirs, child)):
            nobody = tuple(uuid4() if document == theirs else document for document in pair)
            assert refusal_of(app, INSERT_LINEAGE, *pair) == refusal_of(app, INSERT_LINEAGE, *nobody)
    with as_tenant(app, with_role(dba, acme, "member")):
        assert run(app, "SELECT document_id, parent_document_id FROM document_lineage").fetchall() == [(child, parent)]
        unseen = refusal_of(app, INSERT_LINEAGE, child, hidden)
        assert unseen["sqlstate"] == "42501"
        assert unseen == refusal_of(app, INSERT_LINEAGE, child, uuid4())
        assert run(app, "DELETE FROM document_lineage").rowcount == 1
    with as_tenant(app, acme):
        assert value(app, "SELECT document_id FROM document_lineage") == hidden


def test_a_document_takes_what_depends_on_it_along(app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        document, other = add_document(app), add_document(app)
        add_chunk(app, document, 1, (1, 0, 0))
        kept = add_chunk(app, other, 1, (1, 0, 0))
        run(app, INSERT_LINEAGE, document, other)
        run(app, "DELETE FROM documents WHERE id = %s", document)
        assert run(app, "SELECT id FROM chunks").fetchall() == [(kept,)]
        assert run(app, "SELECT FROM document_lineage").rowcount == 0


@pytest.fixture
def speaker(dba: Connection, gateway: Connection) -> Connection:
    """A back end that opens contexts for members, and may write prompts."""
    run(dba, "GRANT SELECT, INSERT, UPDATE, DELETE ON prompts TO tenantry_gateway")
    return gateway


def test_a_member_writes_prompts_in_his_own_name(speaker: Connection, acme: Tenant) -> None:
    enter = "SELECT tenantry.enter_tenant(%s, %s)"
    insert = "INSERT INTO prompts (prompt_text, member) VALUES ('why?', %s) RETURNING member"
    with speaker.transaction():
        run(speaker, enter, acme.tenant_id, "älice|'")
        default = value(speaker, "INSERT INTO prompts (prompt_text, usage_tokens) VALUES ('how?', 7) RETURNING member")
        assert default == "älice|'"
        assert value(speaker, insert, "älice|'") == "älice|'"
        for other in ("bob", "", None):
            assert refusal_of(speaker, insert, other)["sqlstate"] == "42501"
    with speaker.transaction():
        run(speaker, enter, acme.tenant_id, "bob")
        assert value(speaker, "SELECT count(*) FROM prompts") == 2
        assert run(speaker, "UPDATE prompts SET prompt_text = 'forged', member = 'bob'").rowcount == 0
        assert run(speaker, "DELETE FROM prompts").rowcount == 0
        assert value(speaker, insert, "bob") == "bob"
        assert refusal_of(speaker, "UPDATE prompts SET member = %s", "älice|'")["sqlstate"] == "42501"
        assert run(speaker, "UPDATE prompts SET response = 'because'").rowcount == 1
    with speaker.transaction():
        run(speaker, "SELECT tenantry.enter_tenant(%s)", acme.tenant_id)
        # A context that names no member speaks for all of them.
        assert value(speaker, insert, "carol") == "carol"
        assert value(speaker, "INSERT INTO prompts (prompt_text) VALUES ('?') RETURNING member") is None
        assert run(speaker, "UPDATE prompts SET model = 'm'").rowcount == 5


def test_tokens_are_counted_from_zero(app: Connection, acme: Tenant) -> None:
    with as_tenant(app, acme):
        insert = "INSERT INTO prompts (prompt_text, usage_tokens) VALUES ('?', %s)"
        run(app, insert, 0)
        assert refusal_of(app, insert, -1)["sqlstate"] == "23514"


def test_a_planted_setting_names_no_member(app: Connection, acme: Tenant) -> None:
    """What an earlier tenant left in the session does not sign the prompts of the next."""
    run(app, "SET app.current_user_id = 'mallory'")
    try:
        with as_tenant(app, acme):
            run(app, "INSERT INTO prompts (prompt_text) VALUES ('planted?')")
            assert value(app, "SELECT count(*) FROM prompts WHERE prompt_text = 'planted?' AND member IS NULL") == 1
            run(app, "INSERT INTO prompts (prompt_text, member) VALUES ('named', 'ada')")
            assert value(app, "SELECT member FROM prompts WHERE prompt_text = 'named'") == "ada"
    finally:
        run(app, "RESET app.current_user_id")
