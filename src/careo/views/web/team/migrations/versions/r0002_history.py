"""The history of decisions can be added to only: the database itself refuses to change or remove a row."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Triggers that refuse."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER decisions_no_{act.lower()} BEFORE {act} ON decisions "
                "BEGIN SELECT RAISE(ABORT, 'decisions are a history'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION careo_history() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'decisions are a history'; END $$"
    )
    op.execute(
        "CREATE TRIGGER decisions_history BEFORE UPDATE OR DELETE OR TRUNCATE ON decisions "
        "FOR EACH STATEMENT EXECUTE FUNCTION careo_history()"
    )


def downgrade() -> None:
    """Without them."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete"):
            op.execute(f"DROP TRIGGER decisions_no_{act}")
        return
    op.execute("DROP TRIGGER decisions_history ON decisions")
    op.execute("DROP FUNCTION careo_history()")
