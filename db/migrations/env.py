"""How Alembic reaches the database; called by Alembic only."""

from alembic import context

from db.migrations.comparing import comparing
from db.models import Base
from db.session import Database, allow_long_transaction


def run_migrations() -> None:
    """Run the migrations on the database whose URL the caller put into the attributes."""
    database = Database(context.config.attributes["database_url"])
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            **comparing(connection.dialect.name),
        )
        with context.begin_transaction():
            allow_long_transaction(connection)
            context.run_migrations()
        connection.commit()
    database.close()


run_migrations()
