"""Let jobs say whether faces are scored; find verdicts again by how they were scored

Revision 0003, after 0002. What was scored before has no faces: it is of whole images.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

FACES = sa.Enum("auto", "off", name="facemode", native_enum=False, length=20)
REUSED_BY = ["sha256", "model_version_id", "job_id"]
INDEXES = {
    "ix_verdicts_scored_whole": sa.text("outcome = 'scored' AND faces IS NULL"),
    "ix_verdicts_scored_by_faces": sa.text("outcome = 'scored' AND faces IS NOT NULL"),
}


def upgrade() -> None:
    """Add the option, and exchange the index of the bytes for two that hold what can be reused."""
    op.add_column("jobs", sa.Column("faces", FACES, nullable=False, server_default="auto"))
    for name, where in INDEXES.items():
        op.create_index(name, "verdicts", REUSED_BY, sqlite_where=where, postgresql_where=where)
    op.drop_index("ix_verdicts_sha256_model_version_id", "verdicts")


def downgrade() -> None:
    """Undo it; what jobs said of faces is lost."""
    op.create_index(
        "ix_verdicts_sha256_model_version_id", "verdicts", ["sha256", "model_version_id"]
    )
    for name in INDEXES:
        op.drop_index(name, "verdicts")
    op.drop_column("jobs", "faces")
