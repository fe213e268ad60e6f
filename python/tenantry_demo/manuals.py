"""Which pages of which manuals make the demo's corpora, and who in the tenant may read them.

Used by :mod:`tenantry_demo.prepare` only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from tenantry_demo.corpus import PermissionLevel


@dataclass(frozen=True)
class Manual:
    """A manual as a Debian package ships it; pages are named without ``.html``."""

    corpus: str
    package: str
    version: str
    sha256: str
    """Of the package file."""
    root: PurePosixPath
    """The folder of the pages in the package."""
    pages: str
    """Patterns of the pages to take, parted by white space."""
    levels: Mapping[PermissionLevel, str]
    """Patterns of the pages that are not INTERNAL."""
    left_out_sections: frozenset[str]
    """Headings of sections that hold nothing but links, or nothing that a user would ask for."""

    def includes(self, page: str) -> bool:
        return _matches(page, self.pages)

    def level(self, page: str) -> PermissionLevel:
        for level, patterns in self.levels.items():
            if _matches(page, patterns):
                return level
        return "INTERNAL"


def _matches(page: str, patterns: str) -> bool:
    return any(fnmatchcase(page, pattern) for pattern in patterns.split())


POSTGRESQL = Manual(
    corpus="postgresql",
    package="postgresql-doc-15",
    version="15.20-0+deb12u1",
    sha256="4c44bf2c599f208b3f46454a6cf7a72e25ec46ff74d37b59dd31ad76b00eebb7",
    root=PurePosixPath("usr/share/doc/postgresql-doc-15/html"),
    pages="""
        tutorial-* intro-whatis glossary
        sql-syntax-* ddl-* dml-* queries-*
        datatype-boolean datatype-character datatype-datetime datatype-enum datatype-json
        datatype-numeric datatype-uuid arrays
        functions-string functions-datetime functions-json functions-aggregate functions-window
        functions-conditional functions-sequence functions-comparison functions-array
        functions-uuid functions-srf functions-logical
        indexes-* textsearch-intro textsearch-indexes
        mvcc-* transaction-iso explicit-locking applevel-consistency
        using-explain planner-stats explicit-joins populate non-durability
        how-parallel-query-works when-can-parallel-query-be-used
        creating-cluster server-start server-shutdown upgrading
        encryption-options ssl-tcp ssh-tunnels preventing-server-spoofing
        libpq-ssl libpq-pgpass libpq-pgservice
        config-setting runtime-config-autovacuum runtime-config-connection
        runtime-config-file-locations runtime-config-locks runtime-config-logging
        auth-* client-authentication client-authentication-problems
        database-roles role-* predefined-roles perm-functions
        manage-ag-*
        routine-* logfile-maintenance disk-* maintenance
        backup-dump backup-file continuous-archiving
        high-availability different-replication-solutions warm-standby*
        monitoring-ps monitoring-locks wal-intro wal-reliability
        wal-async-commit logical-replication-publication logical-replication-subscription
        logical-replication-conflicts logical-replication-restrictions logical-replication-security
        logical-replication-quick-setup
        plpgsql-[!ip]* trigger-definition trigger-datachanges trigger-example event-trigger-definition
        rules-materializedviews extend-extensions plpython-data plpython-database plpython-funcs
        app-psql app-pgdump app-pgrestore app-createdb app-createuser app-dropdb app-initdb app-pg-ctl
        app-vacuumdb app-reindexdb
        pgcrypto pgstatstatements
        sql-select sql-insert sql-update sql-delete sql-merge sql-copy sql-truncate
        sql-createtable sql-createtableas sql-createindex sql-createview sql-creatematerializedview
        sql-createpolicy sql-createrole sql-createdatabase sql-createextension sql-createfunction
        sql-createprocedure sql-createschema sql-createsequence sql-createtrigger
        sql-altertable sql-alterrole sql-alterdatabase sql-altersystem sql-alterpolicy sql-alterextension
        sql-alterdefaultprivileges
        sql-drop-owned sql-dropdatabase sql-dropextension sql-dropindex sql-droprole sql-dropschema
        sql-droptable sql-dropview sql-reassign-owned
        sql-grant sql-revoke sql-set sql-set-role sql-set-transaction sql-show sql-reset sql-discard
        sql-begin sql-commit sql-rollback sql-rollback-to sql-savepoint sql-release-savepoint
        sql-prepare sql-execute sql-deallocate
        sql-explain sql-analyze sql-vacuum sql-reindex sql-cluster
        sql-refreshmaterializedview sql-lock sql-listen sql-notify sql-call sql-do sql-comment
    """,
    levels={
        "PUBLIC": "tutorial-* intro-whatis glossary",
        "CONFIDENTIAL": """
            backup-* continuous-archiving high-availability different-replication-solutions warm-standby*
            monitoring-* wal-* logical-replication-* upgrading
        """,
        "RESTRICTED": """
            auth-[!d]* client-authentication* database-roles role-* predefined-roles perm-functions
            encryption-options ssl-tcp ssh-tunnels preventing-server-spoofing libpq-ssl libpq-pgpass
            pgcrypto
        """,
    },
    left_out_sections=frozenset({"See Also"}),
)

GIT = Manual(
    corpus="git",
    package="git-doc",
    version="1:2.39.5-0+deb12u3",
    sha256="3c89668a11053a6bafade3de1f611f4613db31e082af63f43d8c5b69ad8795ec",
    root=PurePosixPath("usr/share/doc/git-doc"),
    pages="""
        user-manual gittutorial giteveryday gitfaq gitignore githooks gitcredentials
        git-add git-bisect git-blame git-branch git-cherry-pick git-clean git-clone git-commit git-config
        git-gc git-hook git-init git-merge git-mv git-push git-reflog git-remote git-reset git-restore
        git-revert git-rm git-shell git-stash git-status git-switch git-tag
        git-credential-cache git-credential-store git-daemon
        howto/revert-a-faulty-merge howto/recover-corrupted-blob-object howto/use-git-daemon
        howto/using-signed-tag-in-pull-request
    """,
    levels={
        "PUBLIC": "gittutorial giteveryday gitfaq",
        "CONFIDENTIAL": "git-daemon git-shell howto/use-git-daemon",
        "RESTRICTED": "gitcredentials git-credential-*",
    },
    # What CONFIGURATION and Variables list comes from files that the package does not ship as source.
    left_out_sections=frozenset(
        {
            "CONFIGURATION",
            "GIT",
            "Hacking Git",
            "Low-level Git operations",
            "SEE ALSO",
            "Todo list",
            "Variables",
        }
    ),
)

PYTHON = Manual(
    corpus="python",
    package="python3.11-doc",
    version="3.11.2-6+deb12u9",
    sha256="5b3594189d6ef9a6963ce0347fd307a1cc67620ad697e144db366070e2e146be",
    root=PurePosixPath("usr/share/doc/python3.11/html"),
    pages="""
        tutorial/[!i]* tutorial/in[!d]* installing/index faq/library
        howto/logging library/venv library/configparser library/sqlite3 library/json library/pickle
        library/secrets library/hashlib library/hmac library/getpass library/security_warnings
        library/tempfile library/shutil library/glob library/copy library/atexit library/pdb library/gc
    """,
    levels={
        "PUBLIC": "tutorial/* faq/*",
        "CONFIDENTIAL": "library/pickle library/security_warnings",
        "RESTRICTED": "library/secrets library/hashlib library/hmac library/getpass",
    },
    left_out_sections=frozenset(),
)

MANUALS = (POSTGRESQL, GIT, PYTHON)
