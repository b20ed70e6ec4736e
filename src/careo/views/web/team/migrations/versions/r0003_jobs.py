"""What became of a job, and the run it made; a run's note, which nobody could write, goes."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three columns, and one row for each time that somebody asked."""
    op.add_column("jobs", sa.Column("state", sa.String(length=16), nullable=True))
    op.add_column("jobs", sa.Column("ended", sa.DateTime(timezone=True), nullable=True))
    op.add_column("jobs", sa.Column("run", sa.String(length=200), nullable=True))
    op.create_index(op.f("ix_jobs_made_job"), "jobs", ["made", "job"], unique=True)
    op.drop_column("runs", "note")


def downgrade() -> None:
    """Without them."""
    op.add_column("runs", sa.Column("note", sa.Text(), server_default="", nullable=False))
    op.drop_index(op.f("ix_jobs_made_job"), table_name="jobs")
    for name in ("run", "ended", "state"):
        op.drop_column("jobs", name)
