"""extension/build.sh on small source trees."""

import os
import re
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.support.catalog import catalog_text
from tests.support.cluster import CHECKOUT
from tests.support.database import Database

FUNCTION = """-- What CREATE OR REPLACE FUNCTION means in a comment; it's nothing
CREATE OR REPLACE FUNCTION shop.double(p_n int) RETURNS int LANGUAGE plpgsql AS $body$
BEGIN
    EXECUTE $inner$ SELECT 1 $inner$;
CREATE OR REPLACE FUNCTION in_body() RETURNS int LANGUAGE sql AS 'SELECT 1';
    RETURN 2 * p_n;
END $body$;
"""


class Tree:
    """A source tree of an extension called `shop`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files: list[str] = []
        self.write("extension/shop.control", "default_version = '0.2.0'\n")
        self.order("# nothing yet\n")

    def write(self, path: str, text: str) -> None:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def order(self, text: str) -> None:
        self.write("sql/shop/ORDER", text)

    def add(self, path: str, text: str) -> None:
        self.write(f"sql/shop/{path}", text)
        self.files.append(path)
        self.order("".join(f"{file}\n" for file in self.files))

    def build(self) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "TENANTRY_ROOT": str(self.root)}
        script = CHECKOUT / "extension/build.sh"
        return subprocess.run([script, "shop"], env=environment, capture_output=True, text=True, check=False)

    def script(self, step: str = "0.2.0") -> str:
        built = self.build()
        assert built.returncode == 0, built.stderr
        return (self.root / f"extension/build/shop--{step}.sql").read_text()

    def error(self) -> str:
        built = self.build()
        assert built.returncode != 0
        assert not list(self.root.glob("extension/build/*")), "a failed build left a script behind"
        return built.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    return Tree(tmp_path)


def test_files_follow_each_other_as_listed(tree: Tree) -> None:
    tree.add("z/first.sql", "CREATE SCHEMA shop;\n")
    tree.add("a/second.sql", "CREATE TABLE shop.orders (n int);\n")
    tree.order("# the schema first\nz/first.sql  # here\n\na/second.sql\n")
    assert tree.script() == (
        '\\echo Use "CREATE EXTENSION shop" to load this file. \\quit\n'
        "\n-- z/first.sql\nCREATE SCHEMA shop;\n"
        "\n-- a/second.sql\nCREATE TABLE shop.orders (n int);\n"
    )


def test_unlisted_file_is_refused(tree: Tree) -> None:
    tree.add("a.sql", "SELECT 1;\n")
    tree.write("sql/shop/deep/b.sql", "SELECT 2;\n")
    assert "deep/b.sql: not listed" in tree.error()


def test_missing_file_is_refused(tree: Tree) -> None:
    tree.order("a.sql\n")
    assert "a.sql: listed, but there is no such file" in tree.error()


def test_file_listed_twice_is_refused(tree: Tree) -> None:
    tree.add("a.sql", "SELECT 1;\n")
    tree.order("a.sql\na.sql\n")
    assert "a.sql: listed twice" in tree.error()


def test_missing_order_is_refused(tree: Tree) -> None:
    (tree.root / "sql/shop/ORDER").unlink()
    assert "there is no sql/shop/ORDER" in tree.error()


def test_missing_version_is_refused(tree: Tree) -> None:
    tree.write("extension/shop.control", "comment = 'no version'\n")
    assert "no default_version" in tree.error()


@pytest.mark.parametrize(
    ("source", "built"),
    [
        ("CREATE OR REPLACE VIEW v AS SELECT 1;\n", "CREATE VIEW v AS SELECT 1;\n"),
        ("create or\n  replace procedure p() as 'x';\n", "CREATE procedure p() as 'x';\n"),
        ("CREATE OR REPLACE TRIGGER t BEFORE UPDATE ON x;\n", "CREATE TRIGGER t BEFORE UPDATE ON x;\n"),
        ("SELECT 1; CREATE OR REPLACE VIEW v AS SELECT 2;\n", "SELECT 1; CREATE VIEW v AS SELECT 2;\n"),
        (FUNCTION, FUNCTION.replace("\nCREATE OR REPLACE", "\nCREATE", 1)),
    ],
)
def test_or_replace_is_stripped_from_statements(tree: Tree, source: str, built: str) -> None:
    tree.add("f.sql", source)
    assert tree.script().endswith(f"-- f.sql\n{built}")


@pytest.mark.parametrize(
    "source",
    [
        "SELECT ';\nCREATE OR REPLACE VIEW', E'\\';\nCREATE OR REPLACE VIEW', 'it''s;\nCREATE OR REPLACE';\n",
        'SELECT 1 AS ";\nCREATE OR REPLACE VIEW";\n',
        "DO $$ BEGIN\nCREATE OR REPLACE VIEW v AS SELECT 1; END $$;\n",
        "DO $a$ SELECT $$ ; $$; \nCREATE OR REPLACE VIEW v; $a$;\n",
        "/* ; /* nested */ ;\nCREATE OR REPLACE VIEW v */ SELECT 1;\n",
        "-- ;\n-- CREATE OR REPLACE VIEW v;\nSELECT 1;\n",
        "SELECT a$b$c, $1;\nCREATE VIEW v AS SELECT '$b$;\nCREATE OR REPLACE VIEW';\n",
    ],
)
def test_or_replace_stays_elsewhere(tree: Tree, source: str) -> None:
    tree.add("f.sql", source)
    assert tree.script().endswith(f"-- f.sql\n{source}")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("SELECT 'open;\n", "unterminated string"),
        ("SELECT E'open\\';\n", "unterminated string"),
        ('SELECT "open;\n', "unterminated identifier"),
        ("/* open; /* */\n", "unterminated comment"),
        ("DO $$ BEGIN END;\n", "unterminated dollar-quoted body"),
        ("SELECT 1\n", "does not end in a semicolon"),
        (f"{FUNCTION}\nCREATE TABLE t (n int);\n", "keep them apart"),
    ],
)
def test_broken_file_is_refused(tree: Tree, source: str, message: str) -> None:
    tree.add("f.sql", source)
    error = tree.error()
    assert message in error
    assert "sql/shop/f.sql" in error


def test_second_build_leaves_the_script_alone(tree: Tree) -> None:
    tree.add("f.sql", FUNCTION)
    tree.script()
    file = tree.root / "extension/build/shop--0.2.0.sql"
    os.utime(file, (0, 0))
    tree.script()
    assert file.stat().st_mtime == 0
    tree.add("g.sql", "SELECT 1;\n")
    tree.script()
    assert file.stat().st_mtime > 0


def test_upgrade_repeats_what_can_be_replaced(tree: Tree) -> None:
    tree.add("table.sql", "CREATE TABLE orders (n int);\n")
    tree.add("f.sql", FUNCTION)
    tree.write("sql/shop/upgrades/0.1.0--0.2.0.sql", "SELECT 'before';\n-- @functions@\nSELECT 'after';\n")
    assert tree.script("0.1.0--0.2.0") == (
        "\\echo Use \"ALTER EXTENSION shop UPDATE TO '0.2.0'\" to load this file. \\quit\n"
        "SELECT pg_catalog.set_config('tenantry.installer_role', pg_catalog.current_setting('role'), true);\n"
        "SET LOCAL ROLE tenantry_owner;\n"
        f"SELECT 'before';\n\n-- f.sql\n{FUNCTION}SELECT 'after';\n"
    )


def test_upgrade_without_its_marker_is_refused(tree: Tree) -> None:
    tree.write("sql/shop/upgrades/0.1.0--0.2.0.sql", "SELECT 'before';\n")
    assert "needs one line" in tree.error()


def run_script(database: Database, script: str) -> None:
    with database.connect("postgres") as superuser:
        superuser.execute(re.sub(r"^\\echo.*", "", script).encode())


def test_upgraded_database_equals_a_fresh_one(tree: Tree, database: Database, module_database: Database) -> None:
    fresh, upgraded = database, module_database
    tree.add("schema.sql", "CREATE SCHEMA shop AUTHORIZATION tenantry_owner;\nSET LOCAL ROLE tenantry_owner;\n")
    tree.add("table.sql", "CREATE TABLE shop.orders (n int);\n")
    tree.add("f.sql", FUNCTION)
    run_script(upgraded, tree.script())

    tree.add("table.sql", "CREATE TABLE shop.orders (n int, note text);\n")
    tree.files.remove("table.sql")
    tree.add("f.sql", FUNCTION.replace("2 *", "4 /"))
    tree.files.remove("f.sql")
    tree.order("schema.sql\ntable.sql\nf.sql\n")
    broken = "-- @functions@\n"
    tree.write("sql/shop/upgrades/0.1.0--0.2.0.sql", broken)
    run_script(fresh, tree.script())
    run_script(upgraded, tree.script("0.1.0--0.2.0"))

    def differences() -> set[str]:
        with fresh.connect("postgres") as one, upgraded.connect("postgres") as other:
            return set(catalog_text(one, "shop")) ^ set(catalog_text(other, "shop"))

    # The upgrade forgot the column; the function came along by itself.
    assert {line.split(": ")[0] for line in differences()} == {"column shop.orders.note"}

    tree.write("sql/shop/upgrades/0.1.0--0.2.0.sql", f"ALTER TABLE shop.orders ADD note text;\n{broken}")
    run_script(upgraded, tree.script("0.1.0--0.2.0"))
    assert differences() == set()


def test_install_script_adopts_nobody_elses_function(tree: Tree, superuser: psycopg.Connection) -> None:
    tree.add("f.sql", FUNCTION)
    superuser.execute("CREATE SCHEMA shop")
    superuser.execute(FUNCTION.encode())
    with pytest.raises(psycopg.errors.DuplicateFunction):
        superuser.execute(re.sub(r"^\\echo.*", "", tree.script()).encode())
