"""Explain verdicts by heatmaps, and keep what people say of them

Revision 0004, after 0003. Two tables of which the release before knows nothing; what they hold of
a job goes with the job.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
CODE = sa.Enum(
    "image_gone", "model_gone", "given_up", name="heatmapcode", native_enum=False, length=20
)
LABEL = sa.Enum("fake", "real", "uncertain", name="label", native_enum=False, length=20)
TO_MAKE = sa.text("made_at IS NULL AND failed_at IS NULL")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "heatmaps",
        *_of_verdict(),
        sa.Column("face", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("due_at", TIME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("made_at", TIME),
        sa.Column("failed_at", TIME),
        sa.Column("code", CODE),
        sa.Column("error", sa.String()),
        sa.Column("towards", LABEL),
        sa.Column("box", sa.JSON()),
        _of_job("heatmaps"),
        sa.PrimaryKeyConstraint("job_id", "position", "face", name="pk_heatmaps"),
    )
    op.create_index(
        "ix_heatmaps_due_at", "heatmaps", ["due_at"], sqlite_where=TO_MAKE, postgresql_where=TO_MAKE
    )
    op.create_table(
        "feedback",
        *_of_verdict(),
        sa.Column("truth", LABEL, nullable=False),
        sa.Column("note", sa.String()),
        sa.Column("api_key_id", sa.Integer()),
        sa.Column("given_at", TIME, nullable=False),
        _of_job("feedback"),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name="fk_feedback_api_key_id_api_keys"
        ),
        sa.PrimaryKeyConstraint("job_id", "position", name="pk_feedback"),
    )


def downgrade() -> None:
    """Drop both tables; what people said of verdicts is lost."""
    op.drop_table("feedback")
    op.drop_table("heatmaps")


def _of_verdict() -> list[sa.Column]:
    return [
        sa.Column("job_id", BIG_ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
    ]


def _of_job(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["job_id"], ["jobs.id"], name=f"fk_{table}_job_id_jobs", ondelete="CASCADE"
    )
