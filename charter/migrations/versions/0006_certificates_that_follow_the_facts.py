"""certificates that follow the facts"""

import secrets

import sqlalchemy as sa
from alembic import op

import charter.core.db

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=10), nullable=False),
        sa.Column("certificate", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("retired_at", charter.core.db.UtcDateTime(), nullable=True),
        sa.Column("withdrawn_at", charter.core.db.UtcDateTime(), nullable=True),
        sa.Column("withdrawn_because", sa.String(length=300), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_key")),
    )
    op.create_table(
        "badge",
        sa.Column("venue_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_badge_venue_id_venue")),
        sa.PrimaryKeyConstraint("venue_id", name=op.f("pk_badge")),
        sa.UniqueConstraint("code", name=op.f("uq_badge_code")),
    )
    op.create_table(
        "certificate_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("because", sa.String(length=1000), nullable=False),
        sa.Column("at", charter.core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificate.id"],
            name=op.f("fk_certificate_event_certificate_id_certificate"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_event")),
    )
    with op.batch_alter_table("certificate_event", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_certificate_event_certificate_id"), ["certificate_id"], unique=False
        )
    op.create_table(
        "certificate_appeal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("decided_at", charter.core.db.UtcDateTime(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=True),
        sa.Column("answer", sa.String(length=1000), nullable=True),
        sa.Column("stay_until", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["venue_id"], ["venue.id"], name=op.f("fk_certificate_appeal_venue_id_venue")
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificate.id"],
            name=op.f("fk_certificate_appeal_certificate_id_certificate"),
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["user.id"], name=op.f("fk_certificate_appeal_asked_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["user.id"], name=op.f("fk_certificate_appeal_decided_by_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_appeal")),
    )
    with op.batch_alter_table("certificate_appeal", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_certificate_appeal_venue_id"), ["venue_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_certificate_appeal_due_on"), ["due_on"], unique=False)
        batch_op.create_index(
            "uq_certificate_appeal_open",
            ["certificate_id"],
            unique=True,
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )
    op.create_table(
        "certificate_remark",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("certificate_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("said_by", sa.Integer(), nullable=False),
        sa.Column("said_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("ended_at", charter.core.db.UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ended_because", sa.String(length=300), nullable=True),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["certificate.id"],
            name=op.f("fk_certificate_remark_certificate_id_certificate"),
        ),
        sa.ForeignKeyConstraint(
            ["said_by"], ["user.id"], name=op.f("fk_certificate_remark_said_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["user.id"], name=op.f("fk_certificate_remark_ended_by_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_certificate_remark")),
    )
    with op.batch_alter_table("certificate_remark", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_certificate_remark_certificate_id"), ["certificate_id"], unique=False
        )
    with op.batch_alter_table("certificate_proposal", schema=None) as batch_op:
        batch_op.add_column(sa.Column("kind", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("certificate_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("because", sa.String(length=300), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_certificate_proposal_certificate_id_certificate"),
            "certificate",
            ["certificate_id"],
            ["id"],
        )
        batch_op.drop_index("uq_certificate_proposal_open")
    op.execute("UPDATE certificate_proposal SET kind = 'issue'")
    with op.batch_alter_table("certificate_proposal", schema=None) as batch_op:
        batch_op.alter_column("kind", existing_type=sa.String(length=10), nullable=False)
        batch_op.create_index(
            "uq_certificate_proposal_open",
            ["venue_id", "kind"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.add_column(sa.Column("unmet_since", sa.Date(), nullable=True))
        batch_op.alter_column(
            "suspended_because",
            new_column_name="unmet_because",
            existing_type=sa.String(length=200),
            type_=sa.String(length=1000),
            existing_nullable=True,
        )
        batch_op.add_column(sa.Column("unmet", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("turns", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("status_list", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("status_index", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("signing_key_id", sa.Integer(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_certificate_signing_key_id_signing_key"),
            "signing_key",
            ["signing_key_id"],
            ["id"],
        )
        batch_op.add_column(sa.Column("says", sa.String(length=200), nullable=True))
        batch_op.add_column(sa.Column("appeal_due", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("stay_until", sa.Date(), nullable=True))
    # What is suspended stays so, since the same day and for the same reason.
    op.execute(
        "UPDATE certificate SET unmet = '{}', unmet_since = suspended_on,"
        " turns = CASE WHEN suspended_on IS NULL THEN 0 ELSE 1 END"
    )
    _give_codes()
    op.execute(
        'INSERT INTO certificate_event (certificate_id, what, "on", because, at)'
        " SELECT id, 'suspended', suspended_on, COALESCE(unmet_because, ''), issued_at"
        " FROM certificate WHERE suspended_on IS NOT NULL"
    )
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.alter_column("unmet", existing_type=sa.JSON(), nullable=False)
        for name in ("turns", "status_list", "status_index"):
            batch_op.alter_column(name, existing_type=sa.Integer(), nullable=False)
        batch_op.create_unique_constraint(
            batch_op.f("uq_certificate_status_list_status_index"), ["status_list", "status_index"]
        )


def _give_codes() -> None:
    """A badge for every venue that ever had a certificate, a place in a list for every certificate.

    As `charter.certificates` gives them, put down here as it was.
    """
    letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    link = op.get_bind()
    for (venue_id,) in link.execute(sa.text("SELECT DISTINCT venue_id FROM certificate")).all():
        code = "".join(secrets.choice(letters) for _ in range(16))
        link.execute(
            sa.text("INSERT INTO badge (venue_id, code) VALUES (:venue, :code)"),
            {"venue": venue_id, "code": code},
        )
    taken: set[tuple[int, int]] = set()
    rows = link.execute(sa.text("SELECT id FROM certificate ORDER BY id")).all()
    for number, (certificate_id,) in enumerate(rows):
        place = (0, 0)
        while place == (0, 0) or place in taken:
            place = (number // 65_536 + 1, secrets.randbelow(131_072))
        taken.add(place)
        link.execute(
            sa.text(
                "UPDATE certificate SET status_list = :list, status_index = :at WHERE id = :id"
            ),
            {"list": place[0], "at": place[1], "id": certificate_id},
        )


def downgrade() -> None:
    """Change them back."""
    op.execute("UPDATE certificate SET unmet_because = SUBSTR(unmet_because, 1, 200)")
    with op.batch_alter_table("certificate", schema=None) as batch_op:
        batch_op.drop_constraint(
            batch_op.f("fk_certificate_signing_key_id_signing_key"), type_="foreignkey"
        )
        batch_op.drop_column("signing_key_id")
        batch_op.drop_constraint(
            batch_op.f("uq_certificate_status_list_status_index"), type_="unique"
        )
        batch_op.drop_column("status_index")
        batch_op.drop_column("status_list")
        batch_op.drop_column("stay_until")
        batch_op.drop_column("appeal_due")
        batch_op.drop_column("says")
        batch_op.drop_column("turns")
        batch_op.drop_column("unmet")
        batch_op.alter_column(
            "unmet_because",
            new_column_name="suspended_because",
            existing_type=sa.String(length=1000),
            type_=sa.String(length=200),
            existing_nullable=True,
        )
        batch_op.drop_column("unmet_since")
    op.execute("DELETE FROM certificate_proposal WHERE kind <> 'issue'")
    with op.batch_alter_table("certificate_proposal", schema=None) as batch_op:
        batch_op.drop_index("uq_certificate_proposal_open")
        batch_op.drop_constraint(
            batch_op.f("fk_certificate_proposal_certificate_id_certificate"), type_="foreignkey"
        )
        batch_op.drop_column("because")
        batch_op.drop_column("certificate_id")
        batch_op.drop_column("kind")
        batch_op.create_index(
            "uq_certificate_proposal_open",
            ["venue_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
    op.drop_table("certificate_remark")
    op.drop_table("certificate_appeal")
    op.drop_table("certificate_event")
    op.drop_table("badge")
    op.drop_table("signing_key")
