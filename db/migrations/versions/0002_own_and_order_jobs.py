"""Let jobs have owners, priorities and ends of several kinds; pack the shards' items

Revision 0002. Also the tables of API keys, webhooks, resumable uploads, idempotency keys,
metadata and manifest faults. The shards' items change from JSON to packed JSON, so every worker
must be stopped while it runs.
"""

import json
import zlib
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NOT_REAL, NOT_SCORED = sa.text("label <> 'real'"), sa.text("outcome <> 'scored'")
PRIORITY = sa.Enum("high", "normal", "low", name="priority", native_enum=False, length=20)
JOB_STATE = sa.String(20)
SHARDS = sa.table(
    "shards",
    sa.column("id", sa.BigInteger),
    sa.column("items", sa.JSON),
    sa.column("packed", sa.LargeBinary),
)


def upgrade() -> None:
    """Create the new tables, then add to the old ones."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("shown", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("max_open_jobs", sa.Integer(), nullable=True),
        sa.Column("max_items_a_day", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_api_keys_digest")),
        sa.UniqueConstraint("name", name=op.f("uq_api_keys_name")),
    )
    op.create_table(
        "api_key_uses",
        sa.Column("api_key_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("items", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_key_id"],
            ["api_keys.id"],
            name=op.f("fk_api_key_uses_api_key_id_api_keys"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("api_key_id", "day", name=op.f("pk_api_key_uses")),
    )
    op.create_table(
        "uploads",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("api_key_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=1024), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("parts", sa.LargeBinary(), nullable=False),
        sa.Column("tus_metadata", sa.String(), nullable=True),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name=op.f("fk_uploads_api_key_id_api_keys")
        ),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_uploads_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("public_id", name=op.f("uq_uploads_public_id")),
    )
    op.create_index(op.f("ix_uploads_job_id"), "uploads", ["job_id"])
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("api_key_id", sa.Integer(), nullable=True),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("events", sa.JSON(none_as_null=True), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("old_secret", sa.String(), nullable=True),
        sa.Column("old_secret_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["api_key_id"], ["api_keys.id"], name=op.f("fk_webhook_endpoints_api_key_id_api_keys")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
        sa.UniqueConstraint("public_id", name=op.f("uq_webhook_endpoints_public_id")),
    )
    with op.batch_alter_table("webhook_endpoints", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_webhook_endpoints_api_key_id"), ["api_key_id"], unique=False
        )

    op.create_table(
        "idempotency_keys",
        sa.Column("api_key_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
            name=op.f("fk_idempotency_keys_job_id_jobs"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("api_key_id", "key", name=op.f("pk_idempotency_keys")),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False
        )

    op.create_table(
        "job_metadata",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_job_metadata_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "key", name=op.f("pk_job_metadata")),
    )
    with op.batch_alter_table("job_metadata", schema=None) as batch_op:
        batch_op.create_index("ix_job_metadata_pair", ["key", "value", "job_id"], unique=False)

    op.create_table(
        "manifest_faults",
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column(
            "code",
            sa.Enum(
                "not_text",
                "not_json",
                "line_too_long",
                "missing_uri",
                "invalid_field",
                name="manifestfaultcode",
                native_enum=False,
                length=20,
            ),
            nullable=False,
        ),
        sa.Column("message", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_manifest_faults_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "line", name=op.f("pk_manifest_faults")),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("endpoint_id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("payload", sa.JSON(none_as_null=True), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "pending", "delivered", "failed", name="deliverystate", native_enum=False, length=20
            ),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name=op.f("fk_webhook_deliveries_endpoint_id_webhook_endpoints"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["jobs.id"],
            name=op.f("fk_webhook_deliveries_job_id_jobs"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("public_id", name=op.f("uq_webhook_deliveries_public_id")),
    )
    with op.batch_alter_table("webhook_deliveries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_webhook_deliveries_due",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("state = 'pending'"),
            postgresql_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index(batch_op.f("ix_webhook_deliveries_job_id"), ["job_id"], unique=False)
        batch_op.create_index("ix_webhook_deliveries_log", ["endpoint_id", "id"], unique=False)

    _add_to_jobs()
    _pack_items()
    _order_shards()
    with op.batch_alter_table("verdicts") as batch_op:
        batch_op.create_index(
            "ix_verdicts_label",
            ["job_id", "label", "position"],
            sqlite_where=NOT_REAL,
            postgresql_where=NOT_REAL,
        )
        batch_op.create_index(
            "ix_verdicts_outcome",
            ["job_id", "outcome", "position"],
            sqlite_where=NOT_SCORED,
            postgresql_where=NOT_SCORED,
        )


def _add_to_jobs() -> None:
    # Not as a batch: SQLite's way to alter a table is to drop and rebuild it, and dropping
    # `jobs` would take the rows that refer to it along.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE jobs ADD COLUMN api_key_id INTEGER "
            "CONSTRAINT fk_jobs_api_key_id_api_keys REFERENCES api_keys (id)"
        )
    else:
        op.add_column("jobs", sa.Column("api_key_id", sa.Integer()))
        op.create_foreign_key(
            "fk_jobs_api_key_id_api_keys", "jobs", "api_keys", ["api_key_id"], ["id"]
        )
    for column in (
        sa.Column("priority", PRIORITY, nullable=False, server_default="normal"),
        sa.Column("rescan", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("max_failure_ratio", sa.Double()),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("stopping_as", JOB_STATE),
        sa.Column("faults", sa.Integer(), nullable=False, server_default="0"),
        sa.Column(
            "faults_by_code", sa.JSON(none_as_null=True), nullable=False, server_default="{}"
        ),
        sa.Column("last_fault_line", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.Column("uploads_deleted_at", sa.DateTime(timezone=True)),
        sa.Column("to_fetch", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("plan_not_before", sa.DateTime(timezone=True)),
        sa.Column("plan_turn_ended_at", sa.DateTime(timezone=True)),
        sa.Column("plan_fruitless_turns", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("plan_postponements", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("landed", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("round", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("retried_to", sa.Integer(), nullable=False, server_default="-1"),
        sa.Column("is_source_listed", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("pace_slot", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("pace_items", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("pace_before", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("jobs", column)
    op.execute(
        "UPDATE jobs SET ended_at = coalesce(completed_at, failed_at, cancelled_at, expired_at) "
        "WHERE state IN ('completed', 'failed', 'cancelled', 'expired')"
    )
    op.execute("UPDATE jobs SET is_source_listed = true WHERE listed_at IS NOT NULL")
    op.execute("UPDATE jobs SET stopping_as = 'cancelled' WHERE state = 'cancelling'")
    op.execute("UPDATE jobs SET plan_attempts = 0")  # it counted planners that did not die as well
    op.create_index("ix_jobs_ended_at", "jobs", ["ended_at"])
    for name, column, where in (
        ("ix_jobs_uploads", "ended_at", sa.text("uploads_deleted_at IS NULL")),
        ("ix_jobs_deleted_at", "deleted_at", sa.text("deleted_at IS NOT NULL")),
    ):
        op.create_index(name, "jobs", [column], sqlite_where=where, postgresql_where=where)
    op.create_index("ix_jobs_created_at", "jobs", ["created_at"])
    op.create_index("ix_jobs_owner", "jobs", ["api_key_id", "id"])


def _pack_items() -> None:
    op.add_column("shards", sa.Column("packed", sa.LargeBinary()))
    connection = op.get_bind()
    last_id = 0
    while rows := _unpacked(connection, last_id):
        for row in rows:
            connection.execute(
                SHARDS.update()
                .where(SHARDS.c.id == row.id)
                .values(packed=zlib.compress(json.dumps(row._mapping["items"]).encode(), 1))
            )
        last_id = rows[-1].id
    with op.batch_alter_table("shards") as batch_op:
        batch_op.drop_index("ix_shards_state_job")
        batch_op.drop_constraint("uq_shards_job_id_first_position", type_="unique")
        batch_op.drop_column("items")
        batch_op.alter_column("packed", new_column_name="items", nullable=False)
        batch_op.add_column(
            sa.Column("round", sa.SmallInteger(), nullable=False, server_default="0")
        )
        batch_op.add_column(
            sa.Column("rank", sa.SmallInteger(), nullable=False, server_default="1")
        )
        batch_op.add_column(sa.Column("turn", sa.BigInteger()))
        batch_op.add_column(sa.Column("landing", sa.Integer()))
        batch_op.add_column(
            sa.Column("postponements", sa.Integer(), nullable=False, server_default="0")
        )
        batch_op.add_column(sa.Column("not_before", sa.DateTime(timezone=True)))
        batch_op.create_unique_constraint(
            "uq_shards_job_id_round_first_position", ["job_id", "round", "first_position"]
        )
    for name, columns, where in (
        ("ix_shards_progress", ["job_id", "state", "first_position"], None),
        ("ix_shards_next", ["rank", "turn", "id"], sa.text("state = 'queued'")),
        ("ix_shards_leases", ["lease_expires_at"], sa.text("state = 'leased'")),
        ("ix_shards_landing", ["job_id", "landing"], sa.text("landing IS NOT NULL")),
    ):
        op.create_index(name, "shards", columns, sqlite_where=where, postgresql_where=where)


def _order_shards() -> None:
    # A queued shard without a turn would wait behind all others; the next sweep gives it one.
    op.execute("UPDATE shards SET state = 'planned' WHERE state = 'queued'")
    op.execute(
        "UPDATE shards SET rank = -1 WHERE job_id IN (SELECT id FROM jobs WHERE kind = 'single')"
    )
    op.execute(
        "UPDATE shards SET landing = number FROM ("
        "SELECT id AS shard_id, row_number() OVER (PARTITION BY job_id ORDER BY id) AS number "
        "FROM shards WHERE state = 'done') AS ended WHERE id = shard_id"
    )
    op.execute(
        "UPDATE jobs SET landed = ("
        "SELECT count(*) FROM shards WHERE job_id = jobs.id AND shards.state = 'done')"
    )


def _unpacked(connection: sa.Connection, after_id: int) -> Sequence[sa.Row[Any, Any]]:
    query = (
        sa.select(SHARDS.c.id, SHARDS.c["items"])
        .where(SHARDS.c.id > after_id)
        .order_by(SHARDS.c.id)
        .limit(500)
    )
    return connection.execute(query).all()


def downgrade() -> None:
    """Refuse: what the new columns hold would be lost."""
    raise NotImplementedError("Restore the database from a backup made before the upgrade.")
