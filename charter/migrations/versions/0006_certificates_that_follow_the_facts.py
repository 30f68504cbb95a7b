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
    _audits()
    _counted_was()
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


def _counted_was() -> None:
    """What facts came to, change by change; it begins with what was counted last."""
    op.create_table(
        "counted_was",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=False),
        sa.Column("fact", sa.String(length=60), nullable=False),
        sa.Column("at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("met", sa.Boolean(), nullable=False),
        sa.Column("cases", sa.Integer(), nullable=True),
        sa.Column("holds_until", sa.Date(), nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("lost_on", sa.Date(), nullable=True),
        sa.Column("share", sa.Double(), nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["venue_id"], ["venue.id"], name=op.f("fk_counted_was_venue_id_venue")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_counted_was")),
    )
    with op.batch_alter_table("counted_was", schema=None) as batch_op:
        batch_op.create_index(
            "ix_counted_was_venue_id_fact_at", ["venue_id", "fact", "at"], unique=False
        )
    noon = "CAST(counted_on AS TIMESTAMP)"
    if op.get_bind().dialect.name == "sqlite":
        noon = "counted_on || ' 00:00:00.000000'"
    op.execute(
        # The one thing put into it is one of the two texts above.
        "INSERT INTO counted_was (venue_id, fact, at, met, cases, holds_until, since, lost_on,"  # noqa: S608 - see above
        f" share, words) SELECT venue_id, fact, {noon}, met, cases, holds_until, since, lost_on,"
        " share, words FROM counted_fact"
    )


def _audits() -> None:
    """Engagements and what auditors write."""
    op.create_table(
        "engagement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("auditor_id", sa.Integer(), nullable=True),
        sa.Column("scope", sa.String(length=500), nullable=False),
        sa.Column("commitments", sa.JSON(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("to_on", sa.Date(), nullable=False),
        sa.Column("sample", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("granted_by", sa.Integer(), nullable=False),
        sa.Column("granted_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("once", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["auditor_id"], ["user.id"], name=op.f("fk_engagement_auditor_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["granted_by"], ["user.id"], name=op.f("fk_engagement_granted_by_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_engagement")),
        sa.UniqueConstraint("once", name=op.f("uq_engagement_once")),
    )
    with op.batch_alter_table("engagement", schema=None) as batch_op:
        for name in ("auditor_id", "email", "to_on"):
            batch_op.create_index(batch_op.f(f"ix_engagement_{name}"), [name], unique=False)
    op.create_table(
        "engagement_venue",
        sa.Column("engagement_id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(
            ["engagement_id"],
            ["engagement.id"],
            name=op.f("fk_engagement_venue_engagement_id_engagement"),
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"], ["venue.id"], name=op.f("fk_engagement_venue_venue_id_venue")
        ),
        sa.PrimaryKeyConstraint("engagement_id", "venue_id", name=op.f("pk_engagement_venue")),
    )
    with op.batch_alter_table("engagement_venue", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_engagement_venue_venue_id"), ["venue_id"], unique=False
        )
    op.create_table(
        "audit_question",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("engagement_id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=False),
        sa.Column("requirement_key", sa.String(length=60), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("answer", sa.String(length=2000), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", charter.core.db.UtcDateTime(), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["engagement_id"],
            ["engagement.id"],
            name=op.f("fk_audit_question_engagement_id_engagement"),
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"], ["venue.id"], name=op.f("fk_audit_question_venue_id_venue")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["user.id"], name=op.f("fk_audit_question_asked_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["user.id"], name=op.f("fk_audit_question_answered_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_audit_question_file_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_question")),
    )
    with op.batch_alter_table("audit_question", schema=None) as batch_op:
        batch_op.create_index(
            "ix_audit_question_engagement_venue", ["engagement_id", "venue_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_audit_question_venue_id"), ["venue_id"], unique=False)
    op.create_table(
        "audit_sight",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("engagement_id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=False),
        sa.Column("evidence_id", sa.Integer(), nullable=False),
        sa.Column("how", sa.String(length=20), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("seen_by", sa.Integer(), nullable=False),
        sa.Column("at", charter.core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["engagement_id"],
            ["engagement.id"],
            name=op.f("fk_audit_sight_engagement_id_engagement"),
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"], ["venue.id"], name=op.f("fk_audit_sight_venue_id_venue")
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["evidence.id"], name=op.f("fk_audit_sight_evidence_id_evidence")
        ),
        sa.ForeignKeyConstraint(["seen_by"], ["user.id"], name=op.f("fk_audit_sight_seen_by_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_sight")),
        sa.UniqueConstraint(
            "engagement_id",
            "evidence_id",
            "how",
            "seen_on",
            name=op.f("uq_audit_sight_engagement_id_evidence_id_how_seen_on"),
        ),
    )
    with op.batch_alter_table("audit_sight", schema=None) as batch_op:
        batch_op.create_index(
            "ix_audit_sight_engagement_venue", ["engagement_id", "venue_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_audit_sight_evidence_id"), ["evidence_id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_audit_sight_venue_id"), ["venue_id"], unique=False)
    op.create_table(
        "audit_finding",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("engagement_id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("requirement_key", sa.String(length=60), nullable=False),
        sa.Column("grade", sa.String(length=12), nullable=False),
        sa.Column("words", sa.String(length=2000), nullable=False),
        sa.Column("action", sa.String(length=1000), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("found_by", sa.Integer(), nullable=False),
        sa.Column("found_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("works", sa.Boolean(), nullable=True),
        sa.Column("checked_words", sa.String(length=1000), nullable=False),
        sa.Column("checked_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["engagement_id"],
            ["engagement.id"],
            name=op.f("fk_audit_finding_engagement_id_engagement"),
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"], ["venue.id"], name=op.f("fk_audit_finding_venue_id_venue")
        ),
        sa.ForeignKeyConstraint(
            ["found_by"], ["user.id"], name=op.f("fk_audit_finding_found_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["checked_by"], ["user.id"], name=op.f("fk_audit_finding_checked_by_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_finding")),
        sa.UniqueConstraint(
            "engagement_id", "number", name=op.f("uq_audit_finding_engagement_id_number")
        ),
    )
    with op.batch_alter_table("audit_finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_finding_venue_id"), ["venue_id"], unique=False)
    op.create_table(
        "audit_complaint",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("engagement_id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("asked_by", sa.Integer(), nullable=False),
        sa.Column("asked_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("answer", sa.String(length=1000), nullable=True),
        sa.Column("answered_by", sa.Integer(), nullable=True),
        sa.Column("answered_at", charter.core.db.UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["engagement_id"],
            ["engagement.id"],
            name=op.f("fk_audit_complaint_engagement_id_engagement"),
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"], ["venue.id"], name=op.f("fk_audit_complaint_venue_id_venue")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["user.id"], name=op.f("fk_audit_complaint_asked_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by"], ["user.id"], name=op.f("fk_audit_complaint_answered_by_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_complaint")),
    )
    with op.batch_alter_table("audit_complaint", schema=None) as batch_op:
        for name in ("due_on", "engagement_id", "venue_id"):
            batch_op.create_index(batch_op.f(f"ix_audit_complaint_{name}"), [name], unique=False)
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.add_column(sa.Column("starts_on", sa.Date(), nullable=True))


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
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.drop_column("starts_on")
    for name in (
        "audit_complaint",
        "audit_finding",
        "audit_sight",
        "audit_question",
        "engagement_venue",
        "engagement",
    ):
        op.drop_table(name)
    op.drop_table("counted_was")
