"""Each row of the errors page is provoked, and each error in the sources has its row."""

import re
from dataclasses import dataclass

import psycopg
import pytest

from tests.docs.pages import REFERENCE, table_rows
from tests.support.cluster import CHECKOUT
from tests.support.database import Database
from tests.support.tenants import Tenant

PAGE = (REFERENCE / "errors.md").read_text()


@dataclass(frozen=True)
class Said:
    """What the server said."""

    sqlstate: str
    level: str
    message: str
    hint: str

    @classmethod
    def of(cls, diagnostic: psycopg.errors.Diagnostic) -> "Said":
        return cls(
            diagnostic.sqlstate or "",
            diagnostic.severity_nonlocalized or "",
            diagnostic.message_primary or "",
            diagnostic.message_hint or "",
        )


def pattern(text: str) -> str:
    """Return a regular expression for a message or hint with `<…>` in it."""
    return ".+".join(re.escape(part) for part in re.split(r"<[^>]+>", text))


@dataclass(frozen=True)
class Row:
    """A row of the page: SQLSTATE or level, and message and hint with `<…>` for what varies."""

    code: str
    message: str
    hint: str

    def describes(self, said: Said) -> bool:
        return (
            self.code in (said.sqlstate, said.level)
            and re.fullmatch(pattern(self.message), said.message) is not None
            and re.fullmatch(pattern(self.hint), said.hint) is not None
        )


def rows(page: str) -> list[Row]:
    """Return the rows of the tables of errors and warnings."""
    return [
        Row(code.strip("`"), message.strip("`"), hint.strip("`"))
        for code, message, _, hint in (row for row in table_rows(page) if len(row) == 4)
    ]


@dataclass(frozen=True)
class Provocation:
    """How to provoke a row: SQL that prepares, as one role, and SQL that fails or warns, as another.

    The latter may open a transaction first, in which something else happens meanwhile.

    {acme}, {globex}, {key} and {key_id} stand for two tenants, and acme's API key.
    """

    sql: str
    role: str = "dba"
    before: str = ""
    before_role: str = "dba"
    opening: str = ""
    meanwhile: str = ""


NOTES = "CREATE TABLE notes (tenant_id uuid, permission_level text, body text);"
PROTECTED = NOTES + "SELECT tenantry.protect('notes'); GRANT ALL ON notes TO tenantry_app;"
CLEARED = (
    NOTES + "SELECT tenantry.protect('notes', 'tenant_id', 'permission_level'); GRANT ALL ON notes TO tenantry_app;"
)
AUTHENTICATE = "SELECT tenantry.authenticate('{key}');"
OWNER = "SELECT tenantry.enter_tenant('{acme}', 'olga', 'owner');"
SHARED = NOTES + "SELECT tenantry.protect('notes', p_shared => true); GRANT ALL ON notes TO gateway;"
NO_ID = "gen_random_uuid()"
PUBLIC_KEY = (
    '{{"kty": "OKP", "crv": "Ed25519", "kid": "k", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "use": "sig"}}'
)
AI_SCHEMA = "SELECT tenantry.create_ai_schema('public', 3);"
FACES = "CREATE TABLE faces (tenant_id uuid, id int, name text, face vector(3), ears vector);"
CORPUS = (
    FACES
    + """
    SELECT tenantry.protect('faces');
    GRANT SELECT ON faces TO tenantry_app;
    SELECT tenantry.register_corpus('faces', 'id', 'face', 'name');
"""
)


def search(arguments: str, before: str = CORPUS) -> Provocation:
    return Provocation(f"BEGIN; {AUTHENTICATE} SELECT tenantry.search({arguments})", role="app", before=before)


def register(columns: str) -> Provocation:
    return Provocation(f"SELECT tenantry.register_corpus('faces', {columns})", before=CORPUS)


def sharing(call: str) -> Provocation:
    return Provocation(f"BEGIN; {OWNER} SELECT tenantry.{call}", role="gateway", before=SHARED)


READERS = PROTECTED + "ALTER TABLE notes ADD readers text[];"


def readers(arguments: str) -> Provocation:
    return Provocation(f"SELECT tenantry.restrict_to_readers('notes', {arguments})", before=READERS)


SESSION = "SELECT tenantry.authenticate('{key}', 'session');"
KEEP = "SELECT set_config('my.token', current_setting('tenantry.context'), false);"
SET_AGAIN = "SELECT set_config('tenantry.context', current_setting('my.token'), false);"


def in_session(then: str, first: str = "") -> Provocation:
    return Provocation(
        f"{first} {SESSION} {then} SELECT tenantry.current_tenant();",
        role="postgres",
        before="SELECT tenantry.allow_session_scope('postgres')",
    )


def add_jwks(*keys: str, role: str = "dba", before: str = "") -> Provocation:
    document = f'{{{{"keys": [{", ".join(keys)}]}}}}'
    return Provocation(f"SELECT tenantry.add_jwks('i', '{document}')", role, before, "postgres")


MANAGED = "SELECT tenantry.manage_schema('public'); SELECT tenantry.set_guard('{}');"


PROVOCATIONS: dict[str, Provocation | tuple[Provocation, ...]] = {
    "<table> takes part in table inheritance": Provocation(
        "SELECT tenantry.protect('parent')",
        before="CREATE TABLE parent (tenant_id uuid); CREATE TABLE c () INHERITS (parent)",
    ),
    "a rate limit must be above zero": (
        Provocation("SELECT tenantry.issue_api_key('{acme}', 'k', 'member', 0)"),
        Provocation("SELECT tenantry.set_rate_limit('{key_id}', 0)"),
    ),
    "a tenant needs a name": Provocation("SELECT tenantry.create_tenant('initech', ' ')"),
    "an API key needs a name": Provocation("SELECT tenantry.issue_api_key('{acme}', '')"),
    "invalid context lifetime": Provocation("SELECT tenantry.set_context_lifetime('0')"),
    "empty user": Provocation("SELECT tenantry.enter_tenant('{acme}', '')", role="gateway"),
    "invalid role name": Provocation("SELECT tenantry.set_role_clearance('Boss', 'PUBLIC')"),
    "invalid tenant slug": Provocation("SELECT tenantry.create_tenant('Initech!', 'Initech')"),
    "the expiry lies in the past": Provocation(
        "SELECT tenantry.issue_api_key('{acme}', 'k', p_expires_at => now() - interval '1 second')"
    ),
    "the overlap is out of range": Provocation("SELECT tenantry.rotate_api_key('{key_id}', '-1 second')"),
    "unknown mode of audited values": Provocation("SELECT tenantry.set_audit_values('all')"),
    "the audit log is kept for a month at least": Provocation("SELECT tenantry.apply_audit_retention('1 day')"),
    "this is no anchor of an audit log": Provocation("SELECT * FROM tenantry.verify_audit_anchor('{{}}')"),
    "the audit log is append-only": Provocation("DELETE FROM tenantry.audit_log", role="postgres"),
    "an exemption needs a reason": (
        Provocation("SELECT tenantry.exempt('notes', ' ')", before=NOTES),
        Provocation("SELECT tenantry.exempt_routine('now()', '-')"),
    ),
    "unknown mode of the guard": Provocation("SELECT tenantry.set_guard('on')"),
    "the guard refuses <object and gaps>": Provocation(NOTES, before=MANAGED.format("enforce")),
    "the guard would refuse <object and gaps>": Provocation(NOTES, before=MANAGED.format("warn")),
    "<n> relations that are there already are not, or not wholly, protected": (
        Provocation("SELECT tenantry.manage_schema('public')", before=NOTES),
        Provocation("SELECT tenantry.set_guard('warn')"),
    ),
    "<routine> is no SECURITY DEFINER routine of the application": Provocation(
        "SELECT tenantry.exempt_routine('now()', 'tells the time')"
    ),
    "<relation> is nothing that the guard looks at": Provocation(
        "SELECT tenantry.exempt('tenantry.tenants', 'belongs to tenantry')"
    ),
    "<table> is a partition, and is not exempt alone": Provocation(
        "SELECT tenantry.exempt('part', 'one of many')",
        before="CREATE TABLE whole (id int) PARTITION BY LIST (id); CREATE TABLE part PARTITION OF whole DEFAULT",
    ),
    'schema "<schema>" belongs to tenantry or to the system': Provocation("SELECT tenantry.manage_schema('pg_toast')"),
    "<object> is not exempt": (
        Provocation("SELECT tenantry.unexempt('notes')", before=NOTES),
        Provocation("SELECT tenantry.unexempt_routine('now()')"),
    ),
    'schema "<schema>" is not managed': Provocation("SELECT tenantry.unmanage_schema('public')"),
    "the event triggers of the guard are missing or disabled": Provocation(
        "SELECT tenantry.set_guard('warn')",
        before="ALTER EVENT TRIGGER tenantry_note_drops DISABLE",
        before_role="postgres",
    ),
    "unknown context mode": Provocation("SELECT tenantry.set_context_mode('open')"),
    "unknown part of hardening": Provocation("SELECT tenantry.harden('{{everything}}')", role="postgres"),
    "only a superuser changes what PUBLIC may use": Provocation("SELECT tenantry.harden()"),
    "unknown permission level": Provocation("SELECT tenantry.set_role_clearance('boss', 'SECRET')"),
    "unknown role": Provocation("SELECT tenantry.issue_api_key('{acme}', 'k', 'root')"),
    "<table> has rows without a tenant": Provocation(
        "SELECT tenantry.protect('notes')", before=NOTES + "INSERT INTO notes (body) VALUES ('x')"
    ),
    "<table> has rows of tenants that do not exist": Provocation(
        "SELECT tenantry.protect('notes')", before=NOTES + f"INSERT INTO notes VALUES ({NO_ID})"
    ),
    "a tenant with this slug, id or Stripe customer exists already": Provocation(
        "SELECT tenantry.create_tenant('acme', 'A')"
    ),
    "invalid credential": (
        Provocation("SELECT tenantry.authenticate('{key}0')", role="app"),
        Provocation("SELECT tenantry.authenticate_jwt('a.b.c')", role="app"),
    ),
    "public keys need the extension tenantry_jwt": add_jwks(PUBLIC_KEY, before="DROP EXTENSION tenantry_jwt"),
    "an issuer needs a tenant or a tenant claim": Provocation(
        "SELECT tenantry.set_jwt_issuer('i', p_tenant_claim => NULL)"
    ),
    "an RSA key must have 2048 to 8192 bits": add_jwks('{{"kty": "RSA", "n": "AQAB", "e": "AQAB"}}'),
    "invalid audience": Provocation("SELECT tenantry.set_jwt_issuer('i', '{{}}')"),
    "invalid claim name": Provocation("SELECT tenantry.set_jwt_issuer('i', p_role_claim => 'a..b')"),
    "invalid jti": Provocation("SELECT tenantry.revoke_jwt('i', '')"),
    "invalid JWT issuer": Provocation("SELECT tenantry.set_jwt_issuer('')"),
    "invalid kid": Provocation("SELECT tenantry.add_jwt_secret('i', sha256('x'), p_kid => '')"),
    "invalid organization": Provocation("SELECT tenantry.map_jwt_organization('i', '', '{acme}')"),
    'key "<kid>" of the set is malformed': add_jwks(PUBLIC_KEY.replace("11qY", "*")),
    "no key of the set verifies tokens": add_jwks(),
    "the leeway is out of range": Provocation("SELECT tenantry.set_jwt_issuer('i', p_leeway => '1 hour')"),
    "the secret is too short": Provocation("SELECT tenantry.add_jwt_secret('i', 'short')"),
    "the time lies in the future": Provocation("SELECT tenantry.revoke_jwts_of_user('i', 'u', 'tomorrow')"),
    "this is not a JSON Web Key Set": Provocation("SELECT tenantry.add_jwks('i', '[]')"),
    "two keys of the set have the same kid": add_jwks(PUBLIC_KEY, PUBLIC_KEY),
    "unknown JWT algorithm": Provocation("SELECT tenantry.add_jwt_secret('i', sha256('x'), 'RS256')"),
    "plpy.Error: PL/Python does not find PyJWT with cryptography": Provocation(
        "BEGIN; DROP EXTENSION tenantry_jwt;"
        "DO LANGUAGE plpython3u 'import sys; sys.modules[\"jwt.algorithms\"] = None'; CREATE EXTENSION tenantry_jwt",
        role="postgres",
    ),
    "this issuer vouches for one tenant already": Provocation(
        "SELECT tenantry.set_jwt_issuer('i')", before="SELECT tenantry.set_jwt_issuer('i', p_tenant => '{acme}')"
    ),
    "JWT issuer does not exist": Provocation("SELECT tenantry.remove_jwt_issuer('i')"),
    "JWT key does not exist": Provocation("SELECT tenantry.retire_jwt_key('i', 'k')"),
    "organization is not mapped": Provocation("SELECT tenantry.unmap_jwt_organization('i', 'o')"),
    'key "<kid>" of the set is left out': add_jwks(PUBLIC_KEY, '{{"kty": "RSA", "use": "enc", "kid": "e"}}'),
    'key "<kid>" of the set is a private key': add_jwks(PUBLIC_KEY.replace("use", "d")),
    "tenant does not exist or is suspended": Provocation(f"SELECT tenantry.enter_tenant({NO_ID})", role="gateway"),
    "invalid user": Provocation("SELECT tenantry.add_member('{acme}', '', 'member')"),
    "member does not exist": Provocation("SELECT tenantry.remove_member('{acme}', 'nobody')"),
    "the user is registered with a lesser role": Provocation(
        "SELECT tenantry.enter_tenant('{acme}', 'ada', 'owner')",
        role="gateway",
        before="SELECT tenantry.add_member('{acme}', 'ada', 'viewer')",
    ),
    'the current role may not lower the permission level of a row in "<table>"': Provocation(
        f"BEGIN; {AUTHENTICATE} INSERT INTO notes (permission_level) VALUES ('INTERNAL');"
        "UPDATE notes SET permission_level = 'PUBLIC'",
        role="app",
        before=CLEARED,
    ),
    "invalid session lifetime": Provocation("SELECT tenantry.allow_session_scope('app', '0')"),
    "the role does not log in": Provocation("SELECT tenantry.allow_session_scope('tenantry_app')"),
    "the login has no session scope": Provocation("SELECT tenantry.disallow_session_scope('app')"),
    "unknown severity": Provocation(
        "SELECT tenantry_tap.no_findings('fatal')", "postgres", "CREATE EXTENSION tenantry_tap CASCADE", "postgres"
    ),
    "tenant <id> was not opened for this test": Provocation(
        "SELECT tenantry_tap.is_isolated('tenantry.tenants', '{acme}', '{globex}')",
        "postgres",
        "CREATE EXTENSION tenantry_tap CASCADE",
        "postgres",
    ),
    "unknown scope": Provocation("SELECT tenantry.authenticate('{key}', 'for good')", role="app"),
    "a session context cannot be opened or overridden in a read-only transaction": in_session("", "BEGIN READ ONLY;"),
    "this login may not open a context for its session": Provocation(SESSION, role="app"),
    "this connection may be pooled": in_session("", "SET application_name = 'late';"),
    "this context of the session has ended": in_session(f"{KEEP} SELECT tenantry.leave_tenant(); {SET_AGAIN}"),
    "the context of this session was withdrawn": in_session("SELECT tenantry.revoke_api_key('{key_id}');"),
    "this session holds temporary objects, held cursors or SQL-prepared statements of another context": in_session(
        f"{KEEP} SELECT tenantry.enter_tenant('{{globex}}'); PREPARE x AS SELECT 1; {SET_AGAIN}"
    ),
    'currval of sequence "session_numbers" is not yet defined in this session': in_session("DISCARD SEQUENCES;"),
    '<table> has no column "<column>" for the <purpose>': readers("'nobody'"),
    'the <purpose> column "<column>" of <table> is <type>, not <type>': readers("'body'"),
    'who reads a row in "<table>" is for its owner to say': Provocation(
        "BEGIN; SELECT tenantry.enter_tenant('{acme}', 'ada'); INSERT INTO notes (readers) VALUES ('{{bob}}');"
        "SELECT tenantry.enter_tenant('{acme}', 'bob'); UPDATE notes SET readers = NULL",
        role="gateway",
        before=READERS
        + "SELECT tenantry.restrict_to_readers('notes', 'readers', 'body'); GRANT ALL ON notes TO tenantry_gateway;",
    ),
    'schema "<schema>" has no documents and chunks': Provocation("SELECT tenantry.enable_document_access()"),
    'the documents of schema "<schema>" have no readers': Provocation(
        "SELECT tenantry.disable_document_access()", before=AI_SCHEMA
    ),
    "must be owner of <table>": Provocation(
        "SELECT tenantry.protect('notes')", before=NOTES + "ALTER TABLE notes OWNER TO postgres", before_role="postgres"
    ),
    "no tenant context": Provocation("INSERT INTO notes (body) VALUES ('x')", role="app", before=PROTECTED),
    "the audit log cannot tell who changed the row": Provocation(
        f"BEGIN; {AUTHENTICATE} INSERT INTO notes (body) VALUES ('x') RETURNING tenantry.leave_tenant()",
        role="app",
        before=PROTECTED,
    ),
    "tenant context has expired": Provocation(
        f"BEGIN; {AUTHENTICATE} SELECT pg_sleep(0.01); SELECT * FROM notes",
        role="app",
        before=PROTECTED + "SELECT tenantry.set_context_lifetime('1 ms')",
    ),
    "tenant context is not valid": Provocation(
        f"BEGIN; {AUTHENTICATE} SELECT set_config('tenantry.context', '{{globex}}' || substr("
        "current_setting('tenantry.context'), 37), true); SELECT * FROM notes",
        role="app",
        before=PROTECTED,
    ),
    "the claimed tenant or role does not exist or is suspended": Provocation(
        "SET app.current_tenant_id = 'nobody'; SELECT * FROM notes",
        role="app",
        before=PROTECTED + "SELECT tenantry.set_context_mode('setting')",
    ),
    'the tenant of a row in "<table>" cannot change': Provocation(
        f"BEGIN; {AUTHENTICATE} INSERT INTO notes (body) VALUES ('x'); UPDATE notes SET tenant_id = '{{globex}}'",
        role="app",
        before=PROTECTED,
    ),
    '<table> has no column "<tenant column>"': Provocation(
        "SELECT tenantry.protect('t')", before="CREATE TABLE t (id int)"
    ),
    '<table> has no column "<permission column>"': Provocation(
        "SELECT tenantry.protect('notes', 'tenant_id', 'level')", before=NOTES
    ),
    'the permission column "<column>" of <table> is <type>, not text': Provocation(
        "SELECT tenantry.protect('t', 'tenant_id', 'level')", before="CREATE TABLE t (tenant_id uuid, level int)"
    ),
    'the tenant column "<column>" of <table> is <type>, not uuid': Provocation(
        "SELECT tenantry.protect('t')", before="CREATE TABLE t (tenant_id int)"
    ),
    "<table> belongs to tenantry or to the system": Provocation("SELECT tenantry.protect('tenantry.tenants')"),
    "<table> cannot be protected: only permanent tables and partitioned tables can": Provocation(
        "SELECT tenantry.protect('v')", before="CREATE VIEW v AS SELECT NULL::uuid AS tenant_id"
    ),
    "<table> is a partition": Provocation(
        "SELECT tenantry.protect('part')",
        before="CREATE TABLE whole (tenant_id uuid) PARTITION BY HASH (tenant_id);"
        "CREATE TABLE part PARTITION OF whole FOR VALUES WITH (MODULUS 1, REMAINDER 0)",
    ),
    "partition <table> is a foreign table": Provocation(
        "SELECT tenantry.protect('whole')",
        before="CREATE TABLE whole (tenant_id uuid) PARTITION BY HASH (tenant_id); CREATE FOREIGN DATA WRAPPER nothing;"
        "CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing;"
        "CREATE FOREIGN TABLE part PARTITION OF whole FOR VALUES WITH (MODULUS 1, REMAINDER 0) SERVER nowhere;"
        "ALTER TABLE whole OWNER TO dba",
        before_role="postgres",
    ),
    "there is no such table": Provocation("SELECT tenantry.protect(NULL)"),
    "<table> has rewrite rules, which run with the rights of its owner": Provocation(
        "SELECT tenantry.protect('notes')", before=NOTES + "CREATE RULE r AS ON DELETE TO notes DO INSTEAD NOTHING"
    ),
    "<table> is not protected": Provocation("SELECT tenantry.unprotect('notes')", before=NOTES),
    "<table> is protected already, by other columns": Provocation(
        "SELECT tenantry.protect('notes', 'tenant_id', 'permission_level')", before=PROTECTED
    ),
    "foreign key <name> of <table> does not cascade deletions, or is not validated": Provocation(
        "SELECT tenantry.protect('t')", before="CREATE TABLE t (tenant_id uuid REFERENCES tenantry.tenants)"
    ),
    'role "<role>" exists and has attributes that tenantry\'s roles must not have': Provocation(
        "BEGIN; DROP EXTENSION tenantry CASCADE; ALTER ROLE tenantry_auditor LOGIN; CREATE EXTENSION tenantry",
        role="postgres",
    ),
    "the application can act as <role>, the owner of <table>": Provocation(
        "SELECT tenantry.protect('notes')",
        role="postgres",
        before=NOTES + "ALTER TABLE notes OWNER TO app",
        before_role="postgres",
    ),
    'the tenant column "<column>" of <table> is generated': Provocation(
        "SELECT tenantry.protect('t')",
        before="CREATE TABLE t (id text, tenant_id uuid GENERATED ALWAYS AS ('{acme}'::uuid) STORED)",
    ),
    "this session holds temporary objects, held cursors or SQL-prepared statements": Provocation(
        f"CREATE TEMPORARY TABLE notes (body text); {AUTHENTICATE}", role="app"
    ),
    "API key does not exist": (
        Provocation(f"SELECT tenantry.revoke_api_key({NO_ID})"),
        Provocation(f"SELECT tenantry.set_rate_limit({NO_ID}, 1)"),
    ),
    "a limit is out of range": Provocation("SELECT tenantry.set_tenant_limits('{acme}', -1)"),
    '<table> has no column "<column>" to meter': Provocation(
        "SELECT tenantry.meter_tokens('notes', 'tokens')", before=PROTECTED
    ),
    'the tokens column "<column>" of <table> is <type>, not a whole number': Provocation(
        "SELECT tenantry.meter_tokens('notes', 'body')", before=PROTECTED
    ),
    'audit trigger "<trigger>" of <table> has arguments': Provocation(
        "TRUNCATE notes", before=NOTES + "SELECT tenantry.set_audit('notes', true, '', 'body')"
    ),
    'trigger "<trigger>" of <table> has no transition tables': Provocation(
        "INSERT INTO notes SELECT",
        before=NOTES + "CREATE TRIGGER by_hand AFTER INSERT ON notes EXECUTE FUNCTION tenantry.audit_changes()",
        opening="CREATE TEMPORARY TABLE new_rows AS TABLE notes",
    ),
    "token quota reached": (
        Provocation(
            f"BEGIN; {AUTHENTICATE} INSERT INTO prompts (prompt_text, usage_tokens) VALUES ('x', 3), ('x', 3);"
            " INSERT INTO prompts (prompt_text, usage_tokens) VALUES ('x', 6)",
            role="app",
            before=AI_SCHEMA + "SELECT tenantry.set_tenant_limits('{acme}', 10)",
        ),
        Provocation(
            f"BEGIN; {AUTHENTICATE} INSERT INTO prompts (prompt_text, usage_tokens) VALUES ('x', 11)", role="app"
        ),
    ),
    "storage quota reached": Provocation(
        f"BEGIN; {AUTHENTICATE} INSERT INTO notes (body) VALUES ('x'), ('x')",
        role="app",
        before=PROTECTED
        + "SELECT tenantry.meter_storage('notes'); SELECT tenantry.set_tenant_limits('{acme}', p_rows => 1)",
    ),
    "rate limit reached": Provocation(
        AUTHENTICATE * 2, role="app", before="SELECT tenantry.set_rate_limit('{key_id}', 1)"
    ),
    "requests of a key with a rate limit cannot be counted in a read-only transaction": Provocation(
        f"BEGIN READ ONLY; {AUTHENTICATE}", role="app", before="SELECT tenantry.set_rate_limit('{key_id}', 1)"
    ),
    "API key does not exist, or is revoked or expired": Provocation(
        f"SELECT tenantry.rotate_api_key({NO_ID}, '1 day')"
    ),
    "scratch tenant does not exist": Provocation("SELECT tenantry.erase_scratch_tenant('{acme}')"),
    "tenant does not exist": Provocation(f"SELECT tenantry.suspend_tenant({NO_ID})"),
    "policies of <table> that go on deciding within the tenant: <policies>": Provocation(
        "SELECT tenantry.protect('notes')", before=NOTES + "CREATE POLICY own ON notes USING (true)"
    ),
    "foreign key <name> lets a row of <table> refer to another tenant's row of <table>": Provocation(
        "SELECT tenantry.protect('answers')",
        before="CREATE TABLE asked (tenant_id uuid, id uuid PRIMARY KEY); SELECT tenantry.protect('asked');"
        "CREATE TABLE answers (tenant_id uuid, asked uuid REFERENCES asked)",
    ),
    'mode "setting" does not withstand SQL injection': Provocation("SELECT tenantry.set_context_mode('setting')"),
    "foreign key <name> lets a change of <table> reach every tenant's rows of <table>": Provocation(
        "SELECT tenantry.protect('subscriptions')",
        before="CREATE TABLE plans (id int PRIMARY KEY);"
        "CREATE TABLE subscriptions (tenant_id uuid, plan_id int REFERENCES plans ON DELETE CASCADE)",
    ),
    'index <name> of <table> does not begin with "<column>"': Provocation(
        "SELECT tenantry.protect('t')", before="CREATE TABLE t (tenant_id uuid, email text); CREATE INDEX ON t (email)"
    ),
    'unique index <name> of <table> does not include "<column>"': Provocation(
        "SELECT tenantry.protect('t')", before="CREATE TABLE t (tenant_id uuid, email text UNIQUE)"
    ),
    "COPY FROM not supported with row-level security": Provocation(
        "COPY notes FROM STDIN", role="app", before=PROTECTED
    ),
    'invalid input syntax for type uuid: "<text>"': Provocation(
        "SET tenantry.context = 'nonsense'; INSERT INTO notes (body) VALUES ('x')", role="app", before=PROTECTED
    ),
    'new row violates row-level security policy for table "<table>"': Provocation(
        f"BEGIN; {AUTHENTICATE} INSERT INTO notes (tenant_id) VALUES ('{{globex}}')", role="app", before=PROTECTED
    ),
    'new row violates row-level security policy "tenantry_permission" for table "<table>"': Provocation(
        f"BEGIN; {AUTHENTICATE} INSERT INTO notes (permission_level) VALUES ('RESTRICTED')", role="app", before=CLEARED
    ),
    "permission denied for <object>": Provocation("SELECT * FROM notes", role="app", before=NOTES),
    'query would be affected by row-level security policy for table "<table>"': Provocation(
        "SET row_security = off; SELECT * FROM notes", role="app", before=PROTECTED
    ),
    "a collection is shared with another tenant": sharing(
        "create_collection('c'), tenantry.share_collection('notes', 'c', '{acme}')"
    ),
    "a tenant has at most 100 collections": sharing("create_collection('c' || i) FROM generate_series(1, 101) AS i"),
    "invalid name of a collection": sharing("create_collection('')"),
    "no such collection is shared with this tenant": sharing(f"accept_collection({NO_ID})"),
    "the snapshot of this transaction is older than a withdrawal of shared rows": Provocation(
        "TABLE notes",
        role="gateway",
        opening="BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT tenantry.enter_tenant('{acme}'); TABLE notes",
        meanwhile="SELECT tenantry.revoke_shared('{acme}', 'notes')",
        before=SHARED + "SELECT tenantry.grant_shared('{acme}', 'notes')",
    ),
    "the tenant id of all zeros stands for shared rows": Provocation(
        "SELECT tenantry.create_tenant('zero', 'Zero', p_tenant_id => '00000000-0000-0000-0000-000000000000')"
    ),
    "there is no such collection": sharing("share_collection('notes', 'c', '{globex}')"),
    "this context may not share data with other tenants": Provocation(
        "SELECT tenantry.create_collection('c')", role="app"
    ),
    "<table> is not protected as a shared table": Provocation(
        "SELECT tenantry.grant_shared('{acme}', 'notes')", before=PROTECTED
    ),
    "<table> is protected as a shared table": Provocation("SELECT tenantry.protect('notes')", before=SHARED),
    "search by text and diversity are not supported yet": search("'[1, 0, 0]', p_text => 'a'"),
    "a corpus needs a table, and the names of its id, embedding and content columns": register("'id', NULL, 'name'"),
    "p_dimensions is out of range": Provocation("SELECT tenantry.create_ai_schema('public', 0)"),
    "p_filter is not a JSON object": search("'[1, 0, 0]', p_filter => '[]'"),
    "p_k is out of range": search("'[1, 0, 0]', 0"),
    "p_max_distance is not a number": search("'[1, 0, 0]', p_max_distance => 'NaN'"),
    "p_query has <n> dimensions, the corpus <n>": search("'[1, 0]'"),
    "p_query is zero and has no direction": search("'[0, 0, 0]'"),
    "several corpora are registered": search("'[1, 0, 0]'", before=CORPUS + AI_SCHEMA),
    "the corpus has no metadata to filter by": search("'[1, 0, 0]', p_filter => '{{}}'"),
    "there is no query vector": search("NULL"),
    "unknown metric": register("'id', 'face', 'name', NULL, 'jaccard'"),
    "a chunk is less restricted than its document, or its document is out of reach": Provocation(
        f"BEGIN; {AUTHENTICATE} WITH d AS (INSERT INTO documents (title) VALUES ('x') RETURNING id)"
        " INSERT INTO chunks (document_id, ordinal, content, permission_level) SELECT id, 1, 'x', 'PUBLIC' FROM d",
        role="app",
        before=AI_SCHEMA,
    ),
    '"<table>" holds the rows of several tenants and cannot be truncated': Provocation(
        "TRUNCATE notes", role="app", before=PROTECTED + "GRANT TRUNCATE ON notes TO app"
    ),
    "the snapshot of this transaction is older than a withdrawal of credentials": Provocation(
        "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1; SELECT tenantry.suspend_tenant('{globex}');" + AUTHENTICATE,
        role="postgres",
    ),
    "the level of a document cannot change in a repeatable read transaction": Provocation(
        f"BEGIN ISOLATION LEVEL REPEATABLE READ; {AUTHENTICATE} UPDATE documents SET permission_level = 'INTERNAL'",
        role="app",
        before=AI_SCHEMA
        + f"BEGIN; {AUTHENTICATE} INSERT INTO documents (title, permission_level) VALUES ('x', 'PUBLIC'); COMMIT",
        before_role="postgres",
    ),
    "tenantry_owner has default privileges in this database, which would open its objects to others": Provocation(
        "BEGIN; DROP EXTENSION tenantry CASCADE;"
        "ALTER DEFAULT PRIVILEGES FOR ROLE tenantry_owner GRANT SELECT ON TABLES TO app; CREATE EXTENSION tenantry",
        role="postgres",
    ),
    'role "<role>" is a member of tenantry_owner and can read its keys': Provocation(
        "BEGIN; DROP EXTENSION tenantry CASCADE; GRANT tenantry_owner TO app; CREATE EXTENSION tenantry; ROLLBACK",
        role="postgres",
    ),
    'schema "<schema>" does not exist': Provocation("SELECT tenantry.create_ai_schema('nowhere', 3)"),
    'tenantry_owner may not use schema "<schema>", where the type vector is': Provocation(
        "BEGIN; DROP EXTENSION vector CASCADE; CREATE SCHEMA hidden; CREATE EXTENSION vector SCHEMA hidden;"
        "CREATE EXTENSION tenantry_search",
        role="postgres",
    ),
    '<table> has no column "<column of a corpus>"': register("'id', 'nose', 'name'"),
    "the table is not registered as a corpus": (
        search("'[1, 0, 0]', 10, 'pg_class'"),
        Provocation("SELECT tenantry.unregister_corpus('pg_class')"),
    ),
    'the <purpose> column "<column>" of <table> is <type>': register("'id', 'name', 'name'"),
    'the embedding column "<column>" of <table> has no fixed number of dimensions': register("'id', 'ears', 'name'"),
    "there is already <tables>": Provocation(AI_SCHEMA, before=AI_SCHEMA),
    "<table> is not protected as a whole": Provocation(
        "SELECT tenantry.register_corpus('faces', 'id', 'face', 'name')", before=FACES
    ),
    "no corpus is ready to be searched": search("'[1, 0, 0]'", before=""),
    'the application may not use schema "<schema>"': Provocation(
        "SELECT tenantry.create_ai_schema('hidden', 3)",
        before="CREATE SCHEMA hidden AUTHORIZATION dba",
        before_role="postgres",
    ),
}


def provoke(database: Database, acme: Tenant, globex: Tenant, provocation: Provocation) -> list[Said]:
    """Return what the server said: notices and, at the end, the error if there was one."""
    names = {"acme": acme.tenant_id, "globex": globex.tenant_id, "key": acme.api_key, "key_id": acme.key_id}
    if provocation.before:
        database.connect(provocation.before_role).execute(provocation.before.format(**names))
    said: list[Said] = []
    connection = database.connect(provocation.role, application_name="psql")
    connection.add_notice_handler(lambda diagnostic: said.append(Said.of(diagnostic)))
    if provocation.opening:
        connection.execute(provocation.opening.format(**names))
        database.connect("dba").execute(provocation.meanwhile.format(**names))
    try:
        connection.execute(provocation.sql.format(**names))
    except psycopg.Error as error:
        said.append(Said.of(error.diag))
    return said


@pytest.mark.parametrize("row", rows(PAGE), ids=lambda row: f"{row.code} {row.message}")
def test_a_row_says_what_the_server_says(row: Row, database: Database, two_tenants: tuple[Tenant, Tenant]) -> None:
    provocations = PROVOCATIONS[row.message]
    if isinstance(provocations, Provocation):
        provocations = (provocations,)

    said = [each for provocation in provocations for each in provoke(database, *two_tenants, provocation)]

    assert any(map(row.describes, said)), said


def messages_in_sources() -> set[str]:
    """Return the messages that the extensions' sources raise, with % for what varies."""
    found: set[str] = set()
    for source in CHECKOUT.glob("sql/*/**/*.sql"):
        for literal in re.findall(r"MESSAGE = (?:pg_catalog\.)?(?:format\()?'((?:[^']|'')*)'", source.read_text()):
            found.add(re.sub(r"%(?:\d\$)?[sIL]", "%", literal.replace("''", "'")))
    return found


def undocumented(messages: set[str], page: str) -> set[str]:
    return messages - {re.sub(r"<[^>]+>", "%", row.message) for row in rows(page)}


def test_another_code_message_or_hint_is_found() -> None:
    row = Row("22023", "unknown <kind>", "Use <one> or another.")

    assert row.describes(Said("22023", "ERROR", "unknown mode", "Use this or another."))
    assert not row.describes(Said("22024", "ERROR", "unknown mode", "Use this or another."))
    assert not row.describes(Said("22023", "ERROR", "no mode", "Use this or another."))
    assert not row.describes(Said("22023", "ERROR", "unknown mode", "Use this."))
    assert not row.describes(Said("22023", "ERROR", "unknown mode", ""))


def test_every_error_of_the_sources_has_its_row() -> None:
    messages = messages_in_sources()

    assert "invalid credential" in messages
    assert not undocumented(messages, PAGE)


def test_an_error_without_row_is_found() -> None:
    assert undocumented({"invalid credential", "% is on fire"}, PAGE) == {"% is on fire"}
