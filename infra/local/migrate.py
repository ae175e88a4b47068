"""Applies supabase/migrations to a database and records them as the Supabase CLI does, so that either can go on.

Each file runs in one transaction with its row of the history: it is applied or it is not. Two migrators at once take
turns. A file that changed after it was applied, or that comes before the newest applied one, is refused.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import psycopg

MIGRATIONS = Path(__file__).parents[2] / "supabase" / "migrations"
SCHEMAS = MIGRATIONS.with_name("schemas")

# Any number that no other user of advisory locks picks by accident: the bytes of our name.
LOCK = int.from_bytes(b"coincide", "big")

# Statement by statement what the CLI sends, so that it finds the table as if it had made it.
HISTORY = b"""
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (version text not null primary key);
alter table supabase_migrations.schema_migrations add column if not exists statements text[];
alter table supabase_migrations.schema_migrations add column if not exists name text;
"""

_FILE_NAME = re.compile(r"(\d+)_(.+)\.sql")
_SPACE = re.compile(r"(?:\s|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
_TRANSACTION_CONTROL = re.compile(r"(begin|start\s+transaction|commit|rollback|abort)\b", re.IGNORECASE)
_TOKEN = re.compile(
    r"""--[^\n]* | /\*.*?\*/                                # comments
      | (?<![\w$])[eE]'(?:[^'\\]|\\.|'')*'                  # strings with escapes
      | '[^']*' | "[^"]*"                                   # strings and quoted names
      | (?<![\w$])(?P<tag>\$(?:[^\W\d]\w*)?\$).*?(?P=tag)   # dollar quotes: bodies of functions
      | .""",
    re.VERBOSE | re.DOTALL,
)


class MigrationError(Exception):
    """A migration is refused or failed; the database is as it was before that file."""


@dataclass(frozen=True)
class Migration:
    version: str
    name: str
    text: str

    @property
    def file(self) -> str:
        return f"{self.version}_{self.name}.sql"


def apply(url: str, folder: Path = MIGRATIONS) -> list[str]:
    """Apply what the database does not have yet, oldest first, and answer the names of the files applied."""
    migrations = read(folder)
    applied: list[str] = []
    while True:
        # A connection for each file: what one file sets for its session does not leak into the next.
        with psycopg.connect(url) as connection:
            connection.execute("select pg_advisory_xact_lock(%s)", [LOCK])
            connection.execute(HISTORY)
            pending = _pending(migrations, connection)
            if not pending:
                return applied
            _run(connection, pending[0])
            applied.append(pending[0].file)


def apply_schemas(url: str, folder: Path = SCHEMAS) -> None:
    """Build the present state of the schema directly, all of it or nothing; it must equal what `apply` builds."""
    with psycopg.connect(url) as connection:
        for path in sorted(folder.glob("*.sql")):
            _execute(connection, path.read_text(), file=path.name)


def read(folder: Path = MIGRATIONS) -> list[Migration]:
    """The migrations of the folder in the order of their versions."""
    found: dict[str, Migration] = {}
    for path in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if match is None:
            raise MigrationError(f"{path.name} is not named <version>_<name>.sql.")
        migration = Migration(match[1], match[2], path.read_text())
        if migration.version in found:
            raise MigrationError(f"{path.name} and {found[migration.version].file} have the same version.")
        found[migration.version] = migration
    return sorted(found.values(), key=lambda migration: migration.version)


def split(text: str) -> list[str]:
    """The statements of a file as the CLI records them: without the semicolons between them, with their comments."""
    statements, current = [], ""
    for token in _TOKEN.finditer(text):
        if token[0] == ";":
            statements.append(current.strip())
            current = ""
        else:
            current += token[0]
    return [statement for statement in [*statements, current.strip()] if statement]


def _pending(migrations: list[Migration], connection: psycopg.Connection) -> list[Migration]:
    rows = connection.execute(
        "select version, coalesce(statements, '{}') from supabase_migrations.schema_migrations order by version"
    ).fetchall()
    history: dict[str, list[str]] = dict(rows)
    known = {migration.version for migration in migrations}
    if strangers := history.keys() - known:
        raise MigrationError(f"The database has migrations that have no file here: {', '.join(sorted(strangers))}.")
    newest = max(history, default="")
    for migration in migrations:
        if migration.version in history:
            if _essence(history[migration.version]) != _essence(split(migration.text)):
                raise MigrationError(
                    f"{migration.file} was changed after it was applied. Write a new migration instead."
                )
        elif migration.version < newest:
            raise MigrationError(f"{migration.file} comes before {newest}, which is applied. Give it a later version.")
    return [migration for migration in migrations if migration.version not in history]


def _essence(statements: list[str]) -> str:
    # Where one splitter ends a statement and how it trims it may differ from another's; the words do not.
    return re.sub(r"[\s;]+", "", "".join(statements))


def _run(connection: psycopg.Connection, migration: Migration) -> None:
    statements = split(migration.text)
    for statement in statements:
        if control := _TRANSACTION_CONTROL.match(statement, _space(statement)):
            raise MigrationError(f"{migration.file} says {control[0]!r}: each file already is one transaction.")
    _execute(connection, migration.text, file=migration.file)
    connection.execute(
        "insert into supabase_migrations.schema_migrations (version, name, statements) values (%s, %s, %s)",
        [migration.version, migration.name, statements],
    )


def _execute(connection: psycopg.Connection, text: str, *, file: str) -> None:
    try:
        connection.execute(text.encode())
    except psycopg.Error as error:
        position = int(error.diag.statement_position or 0)
        line = f", line {text.count(chr(10), 0, position) + 1}" if position else ""
        raise MigrationError(f"{file}{line}: {error}") from error


def _space(statement: str) -> int:
    match = _SPACE.match(statement)
    return match.end() if match else 0
