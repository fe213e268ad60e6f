"""tenantry doctor: formats, baseline, exit status.

A doctor of the test's own says what is found, so that there is one finding of each kind.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import jsonschema
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from tenantry.commands import main
from tenantry.commands.sarif import SCHEMA
from tenantry.commands.shell import Exit
from tests.commands.conftest import Run
from tests.support.cluster import Cluster
from tests.support.database import Connection, Database
from tests.support.findings import AS_IF_PATCHED

CODES = [
    ("TNT101", "error", "A table is open", "docs/findings/TNT101.md"),
    ("TNT302", "warning", "A key tells of others", "docs/findings/TNT302.md"),
    ("TNT501", "note", "The server is old", "docs/findings/TNT501.md"),
]


@dataclass(frozen=True)
class Row:
    """A row of doctor()."""

    code: str
    severity: str
    object: str
    detail: str
    remedy: str


ERROR = Row("TNT101", "error", "public.notes", "no policy", "SELECT tenantry.protect('public.notes');")
WARNING = Row("TNT302", "warning", "public.notes_key", "the key is (id)\nit tells of others", "ALTER TABLE …;\nCOMMIT;")
NOTE = Row("TNT501", "note", "server", "15.0", "-- upgrade")
SEVERITIES = {"error": ERROR, "warning": WARNING, "note": NOTE}

Find = Callable[..., None]


@pytest.fixture(scope="module")
def stand_in(cluster: Cluster) -> Iterator[str]:
    """Connection string of a database whose doctor finds what stands in the table `findings`."""
    conninfo = make_conninfo(host=cluster.host, port=cluster.port, user=cluster.user, dbname="doctor_stand_in")
    with psycopg.connect(conninfo, dbname="postgres", autocommit=True) as superuser:
        superuser.execute("CREATE DATABASE doctor_stand_in")
        with psycopg.connect(conninfo, autocommit=True) as connection:
            connection.execute(
                """
                CREATE SCHEMA tenantry;
                CREATE TABLE tenantry.doctor_codes (code text, severity text, title text, page text);
                CREATE TABLE findings (code text, severity text, object text, detail text, remedy text);
                CREATE FUNCTION tenantry.doctor() RETURNS SETOF findings STABLE LANGUAGE sql AS 'TABLE findings'
                """
            )
            connection.cursor().executemany("INSERT INTO tenantry.doctor_codes VALUES (%s, %s, %s, %s)", CODES)
        yield conninfo
        superuser.execute("DROP DATABASE doctor_stand_in WITH (FORCE)")


@pytest.fixture
def find(stand_in: str) -> Iterator[Find]:
    """Let the doctor find rows."""
    with psycopg.connect(stand_in, autocommit=True) as connection:

        def find(*rows: Row) -> None:
            connection.execute("TRUNCATE findings")
            for row in rows:
                connection.execute(
                    "INSERT INTO findings VALUES (%s, %s, %s, %s, %s)",
                    [row.code, row.severity, row.object, row.detail, row.remedy],
                )

        find()
        yield find


@pytest.fixture
def doctor(stand_in: str, find: Find, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `tenantry doctor` on the stand-in, in this process."""

    def doctor(*arguments: str) -> "subprocess.CompletedProcess[str]":
        status = main(["doctor", "--dsn", stand_in, *arguments])
        return subprocess.CompletedProcess([], status, *capsys.readouterr())

    return doctor


def test_nothing_found(doctor: Run) -> None:
    outcome = doctor()
    assert outcome.stdout == "doctor_stand_in: nothing found\n"
    assert outcome.returncode == Exit.OK
    assert json.loads(doctor("--format", "json").stdout)["findings"] == []


def test_text(doctor: Run, find: Find) -> None:
    find(NOTE, WARNING, ERROR)
    outcome = doctor()
    assert outcome.stdout == (
        """\
error    TNT101  public.notes
         no policy
         mend: SELECT tenantry.protect('public.notes');
         see:  A table is open (docs/findings/TNT101.md)

warning  TNT302  public.notes_key
         the key is (id)
         it tells of others
         mend: ALTER TABLE …;
               COMMIT;
         see:  A key tells of others (docs/findings/TNT302.md)

note     TNT501  server
         15.0
         mend: -- upgrade
         see:  The server is old (docs/findings/TNT501.md)

doctor_stand_in: 1 error, 1 warning, 1 note
"""
    )
    assert outcome.stderr == ""


def test_a_name_cannot_write_to_the_terminal(doctor: Run, find: Find) -> None:
    find(replace(ERROR, object="public.\x1b[2Jnotes", detail="a\rb"))
    outcome = doctor()
    assert "public.�[2Jnotes" in outcome.stdout
    assert not {"\x1b", "\r"} & set(outcome.stdout)


@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"])
def test_a_comment_stays_one(doctor: Run, find: Find, end: str) -> None:
    """What stands behind it would be run by whoever pastes the remedy."""
    find(replace(ERROR, remedy=f'-- Read "a{end}DROP TABLE notes" first.'))
    outcome = doctor()
    assert [line.lstrip().startswith("mend: --") for line in outcome.stdout.splitlines() if "DROP" in line] == [True]


@pytest.mark.parametrize(
    ("found", "fail_on", "status"),
    [
        (None, "note", Exit.OK),
        ("note", "note", Exit.FOUND),
        ("note", "warning", Exit.OK),
        ("warning", "note", Exit.FOUND),
        ("warning", "warning", Exit.FOUND),
        ("warning", "error", Exit.OK),
        ("error", "error", Exit.FOUND),
        ("error", "never", Exit.OK),
        ("note", None, Exit.OK),
        ("warning", None, Exit.FOUND),
        ("error", None, Exit.FOUND),
    ],
)
def test_exit_status(found: str | None, fail_on: str | None, status: Exit, doctor: Run, find: Find) -> None:
    if found:
        find(SEVERITIES[found])
    assert doctor(*(["--fail-on", fail_on] if fail_on else [])).returncode == status


def test_json(doctor: Run, find: Find) -> None:
    find(ERROR, WARNING)
    outcome = doctor("--format", "json")
    document = json.loads(outcome.stdout)
    assert document["database"] == "doctor_stand_in"
    first = document["findings"][0]
    fingerprint = first.pop("fingerprint")
    assert first == {
        "code": "TNT101",
        "severity": "error",
        "title": "A table is open",
        "object": "public.notes",
        "detail": "no policy",
        "remedy": "SELECT tenantry.protect('public.notes');",
        "in_baseline": False,
    }
    assert len(fingerprint) == 64
    assert outcome.returncode == Exit.FOUND


@pytest.mark.parametrize("change", [{"code": "TNT302"}, {"object": "public.others"}, {"detail": "two policies"}])
def test_a_fingerprint_tells_findings_apart(change: dict[str, str], doctor: Run, find: Find) -> None:
    def fingerprint(row: Row) -> str:
        find(row)
        return str(json.loads(doctor("--format", "json").stdout)["findings"][0]["fingerprint"])

    assert fingerprint(ERROR) == fingerprint(replace(ERROR, remedy="another way to mend it"))
    assert fingerprint(ERROR) != fingerprint(replace(ERROR, **change))


def sarif(outcome: Any) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(outcome.stdout)
    schema = json.loads((Path(__file__).parent / "sarif.schema.json").read_text())
    jsonschema.validate(log, schema, cls=jsonschema.Draft202012Validator)
    return log


def test_sarif(doctor: Run, find: Find) -> None:
    find(ERROR, WARNING, NOTE)
    outcome = doctor("--format", "sarif", "--location", "db/my schema.sql")
    (run,) = sarif(outcome)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == [code for code, *_ in CODES]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == ["TNT101", "TNT302", "TNT501"]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note"]
    first = run["results"][0]
    assert first["message"]["text"].startswith("public.notes: no policy\n")
    assert "tenantry.protect('public.notes')" in first["message"]["text"]
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "db/my%20schema.sql"
    assert first["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "doctor_stand_in/public.notes"
    fingerprints = {result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]}
    assert len(fingerprints) == 3
    assert "suppressions" not in first
    assert outcome.returncode == Exit.FOUND
    assert outcome.stdout == doctor("--format", "sarif", "--location", "db/my schema.sql").stdout


def test_sarif_of_nothing(doctor: Run) -> None:
    (run,) = sarif(doctor("--format", "sarif"))["runs"]
    assert run["results"] == []
    assert len(run["tool"]["driver"]["rules"]) == 3


def test_a_code_without_a_rule(doctor: Run, find: Find) -> None:
    find(replace(ERROR, code="TNT999"))
    assert "TNT999" in doctor().stdout
    (result,) = sarif(doctor("--format", "sarif"))["runs"][0]["results"]
    assert result["ruleId"] == "TNT999"
    assert "ruleIndex" not in result


@pytest.mark.parametrize(
    "fault",
    [
        {"version": "2.0.0"},
        {"runs": [{"results": []}]},
        {"runs": [{"tool": {"driver": {"name": "x"}}, "results": [{"message": {"text": "no place"}}]}]},
    ],
)
def test_the_schema_of_the_tests_can_fail(fault: dict[str, Any]) -> None:
    schema = json.loads((Path(__file__).parent / "sarif.schema.json").read_text())
    driver = {"name": "x", "version": "1", "rules": []}
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": "x"},
        "columnKind": "unicodeCodePoints",
        "results": [],
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    jsonschema.validate(log, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(log | fault, schema)


def test_a_baseline_silences_what_it_names(doctor: Run, find: Find, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    find(ERROR, WARNING)
    assert doctor("--write-baseline", str(file)).returncode == Exit.OK
    outcome = doctor("--baseline", str(file))
    assert outcome.stdout == "doctor_stand_in: nothing found\n2 more in the baseline\n"
    assert outcome.returncode == Exit.OK

    find(ERROR, replace(WARNING, detail="the key is (email)"))
    outcome = doctor("--baseline", str(file))
    assert outcome.returncode == Exit.FOUND
    assert "TNT101" not in outcome.stdout
    assert "the key is (email)" in outcome.stdout
    assert "1 of the baseline found no more: write it again" in outcome.stdout

    in_json = json.loads(doctor("--baseline", str(file), "--format", "json").stdout)["findings"]
    assert [each["in_baseline"] for each in in_json] == [True, False]


def test_reasons_stay_in_a_baseline(doctor: Run, find: Find, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    find(ERROR)
    doctor("--write-baseline", str(file))
    document = json.loads(file.read_text())
    document["findings"][0]["reason"] = "goes with release 7"
    file.write_text(json.dumps(document))

    find(ERROR, WARNING)
    doctor("--write-baseline", str(file))
    entries = json.loads(file.read_text())["findings"]
    assert [entry.get("reason") for entry in entries] == ["goes with release 7", None]
    (run,) = sarif(doctor("--format", "sarif", "--baseline", str(file)))["runs"]
    assert [result["suppressions"] for result in run["results"]] == [
        [{"kind": "external", "justification": "goes with release 7"}],
        [{"kind": "external"}],
    ]
    find(NOTE)
    (result,) = sarif(doctor("--format", "sarif", "--baseline", str(file)))["runs"][0]["results"]
    assert result["suppressions"] == []


@pytest.mark.parametrize(
    "text", [None, "", "[]", "{}", '{"version": 2, "findings": []}', '{"version": 1, "findings": [{"code": "TNT101"}]}']
)
def test_a_file_that_is_no_baseline(text: str | None, doctor: Run, find: Find, tmp_path: Path) -> None:
    file = tmp_path / "baseline.json"
    if text is not None:
        file.write_text(text)
    outcome = doctor("--baseline", str(file))
    assert outcome.returncode == Exit.FAILED
    assert str(file) in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_baseline_that_cannot_be_written(doctor: Run, tmp_path: Path) -> None:
    outcome = doctor("--write-baseline", str(tmp_path / "no" / "folder"))
    assert outcome.returncode == Exit.FAILED
    assert "Traceback" not in outcome.stderr


def test_the_doctor_changes_nothing(doctor: Run, stand_in: str) -> None:
    with psycopg.connect(stand_in, autocommit=True) as connection:
        connection.execute("ALTER FUNCTION tenantry.doctor() RENAME TO kept")
        writes = "INSERT INTO findings (code) VALUES ('x') RETURNING *"
        connection.execute(
            sql.SQL("CREATE FUNCTION tenantry.doctor() RETURNS SETOF findings LANGUAGE sql AS {}").format(writes)
        )
        try:
            outcome = doctor()
        finally:
            connection.execute("DROP FUNCTION tenantry.doctor()")
            connection.execute("ALTER FUNCTION tenantry.kept() RENAME TO doctor")
    assert outcome.returncode == Exit.FAILED
    assert "read-only" in outcome.stderr


def test_a_database_without_tenantry(run: Run, cluster: Cluster) -> None:
    dsn = make_conninfo(host=cluster.host, port=cluster.port, user=cluster.user, dbname="postgres")
    outcome = run("doctor", "--dsn", dsn)
    assert outcome.returncode == Exit.FAILED
    assert outcome.stderr == (
        'tenantry: database "postgres" has no tenantry.doctor(): CREATE EXTENSION tenantry, or ALTER EXTENSION tenantry'
        " UPDATE\n"
    )


def test_a_reader_that_goes_away(run: Run, stand_in: str, find: Find) -> None:
    find(*[replace(NOTE, detail=f"{number} " * 1000) for number in range(200)])
    command = f"{sys.executable} -m tenantry doctor --dsn '{stand_in}' | head -n 1"
    outcome = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert outcome.stdout.startswith("note ")
    assert outcome.stderr == ""


def test_a_real_diagnosis(
    database: Database, dba: Connection, superuser: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    superuser.execute(AS_IF_PATCHED)
    dba.execute("CREATE TABLE notes (tenant_id uuid, body text); GRANT SELECT ON notes TO tenantry_app")
    for role in ("postgres", "dba"):
        assert main(["doctor", "--dsn", database.conninfo(role), "--format", "sarif"]) == Exit.FOUND
        (run,) = sarif(subprocess.CompletedProcess([], 0, *capsys.readouterr()))["runs"]
        found = [(each["ruleId"], each["locations"][0]["logicalLocations"][0]["name"]) for each in run["results"]]
        assert ("TNT101", "public.notes") in found
        assert {code for code, _ in found} <= {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    dba.execute("SELECT tenantry.protect('notes')")
    assert main(["doctor", "--dsn", database.conninfo("dba")]) == Exit.OK, capsys.readouterr().out
    capsys.readouterr()

    assert main(["doctor", "--dsn", database.conninfo("app")]) == Exit.FAILED
    assert "connect as a member of tenantry_admin" in capsys.readouterr().err
