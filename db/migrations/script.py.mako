"""${message}

Revision ${up_revision}, after ${down_revision | comma,n}. Rules: the previous release's code must keep
working on the new tables (add columns as nullable or with a default; drop them one release
later); no data of a user is lost; long rewrites go in batches.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """${message}."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Undo it."""
    ${downgrades if downgrades else "pass"}
