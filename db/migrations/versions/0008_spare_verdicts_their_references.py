"""Spare the verdicts on Postgres the look at what they refer to

Revision 0008, after 0007. The release before runs with it as well.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JOB, VERSION = "fk_verdicts_job_id_jobs", "fk_verdicts_model_version_id_model_versions"


def upgrade() -> None:
    """Drop both foreign keys; SQLite keeps them, which it checks by the way."""
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(JOB, "verdicts")
        op.drop_constraint(VERSION, "verdicts")


def downgrade() -> None:
    """Add them again, which looks at every verdict once."""
    if op.get_bind().dialect.name == "postgresql":
        op.create_foreign_key(JOB, "verdicts", "jobs", ["job_id"], ["id"], ondelete="CASCADE")
        op.create_foreign_key(VERSION, "verdicts", "model_versions", ["model_version_id"], ["id"])
