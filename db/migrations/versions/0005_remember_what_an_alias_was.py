"""Remember which model version held an alias before, so that it can be given back

Revision 0005, after 0004. The release before leaves the new column as it is.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

FOREIGN_KEY = "fk_model_aliases_previous_id_model_versions"


def upgrade() -> None:
    """Add the column, which is empty at first."""
    with op.batch_alter_table("model_aliases") as table:
        table.add_column(sa.Column("previous_id", sa.Integer()))
        table.create_foreign_key(FOREIGN_KEY, "model_versions", ["previous_id"], ["id"])


def downgrade() -> None:
    """Drop it; who held an alias before is forgotten."""
    with op.batch_alter_table("model_aliases") as table:
        table.drop_constraint(FOREIGN_KEY, type_="foreignkey")
        table.drop_column("previous_id")
