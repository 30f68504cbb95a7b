"""space audits"""

import sqlalchemy as sa
from alembic import op

import charter.core.db

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "audit_template",
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("edition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("loaded_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", "edition", name=op.f("pk_audit_template")),
    )


def downgrade() -> None:
    """Change them back."""
    op.drop_table("audit_template")
