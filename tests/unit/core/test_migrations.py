from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from newswatch_core.storage.database import DatabaseProblemError, open_existing, open_folder, open_memory
from newswatch_core.storage.schema import metadata


def test_the_migrations_lead_to_the_tables_of_the_schema():
    with open_memory().write() as tx:
        assert compare_metadata(MigrationContext.configure(tx), metadata) == []


def test_a_database_of_a_later_version_is_refused(tmp_path: Path):
    database = open_folder(tmp_path)
    with database.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(DatabaseProblemError, match="later newswatch"):
        open_folder(tmp_path)
    with pytest.raises(DatabaseProblemError, match="another version"):
        open_existing(tmp_path)


def test_a_file_that_is_no_database_is_refused_by_name(tmp_path: Path):
    (tmp_path / "newswatch.db").write_bytes(b"no database" * 1000)
    with pytest.raises(DatabaseProblemError, match=r"newswatch.db: file is not a database"):
        open_folder(tmp_path)


def test_reading_makes_no_file(tmp_path: Path):
    with pytest.raises(DatabaseProblemError, match="no such file"):
        open_existing(tmp_path)
    assert list(tmp_path.iterdir()) == []
