"""Retry the failed items of a job by their codes

Revision 0007, after 0006. The release before leaves the new column empty, and retries all.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CODED = sa.text("code IS NOT NULL")


def upgrade() -> None:
    """Add the column, and an index of the verdicts that have a code."""
    op.add_column("jobs", sa.Column("retried_codes", sa.JSON(none_as_null=True)))
    op.create_index(
        "ix_verdicts_code",
        "verdicts",
        ["job_id", "code", "position"],
        sqlite_where=CODED,
        postgresql_where=CODED,
    )


def downgrade() -> None:
    """Undo it; a retry of some codes that has yet to be planned becomes one of all."""
    op.drop_index("ix_verdicts_code", "verdicts")
    op.drop_column("jobs", "retried_codes")
