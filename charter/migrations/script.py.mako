"""${message}"""

import sqlalchemy as sa
from alembic import op

import charter.core.db
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Change the tables."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Undo the change, for development only."""
    ${downgrades if downgrades else "pass"}
