"""How Alembic reaches the database: by the connection that `connection.migrate` holds, in its transaction."""

from alembic import context

from careo.views.web.team.tables import Base

if hasattr(context, "config"):  # only while Alembic runs this file
    context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
    context.run_migrations()
