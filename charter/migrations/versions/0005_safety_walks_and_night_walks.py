"""safety walks and night walks"""

import sqlalchemy as sa
from alembic import op

import charter.core.db

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Change the tables."""
    op.create_table(
        "fault_recipient",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("mends", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fault_recipient")),
        sa.UniqueConstraint("key", name=op.f("uq_fault_recipient_key")),
    )
    op.create_table(
        "night_walk",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=80), nullable=False),
        sa.Column("meets_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("meeting_place", sa.String(length=120), nullable=False),
        sa.Column("scales", sa.JSON(), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("closes_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("repeats_id", sa.Integer(), nullable=True),
        sa.Column("planned_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("planned_by", sa.Integer(), nullable=False),
        sa.Column("once", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["planned_by"], ["user.id"], name=op.f("fk_night_walk_planned_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["repeats_id"], ["night_walk.id"], name=op.f("fk_night_walk_repeats_id_night_walk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_night_walk")),
        sa.UniqueConstraint("code", name=op.f("uq_night_walk_code")),
        sa.UniqueConstraint("once", name=op.f("uq_night_walk_once")),
    )
    with op.batch_alter_table("night_walk", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_night_walk_repeats_id"), ["repeats_id"], unique=False)

    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("is_quick", sa.Boolean(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("rooms", sa.JSON(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("on_paper", sa.Boolean(), nullable=False),
        sa.Column("walked_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("is_dark", sa.Boolean(), nullable=False),
        sa.Column("fullness", sa.String(length=10), nullable=False),
        sa.Column("weather", sa.String(length=10), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("woman_took_part", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("begun_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("begun_by", sa.Integer(), nullable=False),
        sa.Column("finished_at", charter.core.db.UtcDateTime(), nullable=True),
        sa.Column("finished_by", sa.Integer(), nullable=True),
        sa.Column("dropped_at", charter.core.db.UtcDateTime(), nullable=True),
        sa.Column("once", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["begun_by"], ["user.id"], name=op.f("fk_audit_begun_by_user")),
        sa.ForeignKeyConstraint(
            ["finished_by"], ["user.id"], name=op.f("fk_audit_finished_by_user")
        ),
        sa.ForeignKeyConstraint(["venue_id"], ["venue.id"], name=op.f("fk_audit_venue_id_venue")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("once", name=op.f("uq_audit_once")),
    )
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.create_index("ix_audit_kind_finished_at", ["kind", "finished_at"], unique=False)
        batch_op.create_index(
            "ix_audit_venue_id_finished_at", ["venue_id", "finished_at"], unique=False
        )

    op.create_table(
        "walk_stop",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("walk_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("words", sa.String(length=120), nullable=False),
        sa.Column("repeats_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["repeats_id"], ["walk_stop.id"], name=op.f("fk_walk_stop_repeats_id_walk_stop")
        ),
        sa.ForeignKeyConstraint(
            ["walk_id"], ["night_walk.id"], name=op.f("fk_walk_stop_walk_id_night_walk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walk_stop")),
        sa.UniqueConstraint("walk_id", "number", name=op.f("uq_walk_stop_walk_id_number")),
    )
    op.create_table(
        "walker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("walk_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=True),
        sa.Column("joined_at", charter.core.db.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["walk_id"], ["night_walk.id"], name=op.f("fk_walker_walk_id_night_walk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_walker")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_walker_token_hash")),
        sa.UniqueConstraint("walk_id", "number", name=op.f("uq_walker_walk_id_number")),
    )
    op.create_table(
        "audit_answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("question", sa.String(length=82), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("by_user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audit_id"], ["audit.id"], name=op.f("fk_audit_answer_audit_id_audit")
        ),
        sa.ForeignKeyConstraint(
            ["by_user_id"], ["user.id"], name=op.f("fk_audit_answer_by_user_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_answer")),
        sa.UniqueConstraint(
            "audit_id", "place", "question", name=op.f("uq_audit_answer_audit_id_place_question")
        ),
    )
    op.create_table(
        "audit_photo",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("audit_id", sa.Integer(), nullable=False),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("question", sa.String(length=82), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("at", charter.core.db.UtcDateTime(), nullable=False),
        sa.Column("by_user_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["audit_id"], ["audit.id"], name=op.f("fk_audit_photo_audit_id_audit")
        ),
        sa.ForeignKeyConstraint(
            ["by_user_id"], ["user.id"], name=op.f("fk_audit_photo_by_user_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_audit_photo_file_id_stored_file")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_photo")),
        sa.UniqueConstraint("file_id", name=op.f("uq_audit_photo_file_id")),
    )
    with op.batch_alter_table("audit_photo", schema=None) as batch_op:
        batch_op.create_index("ix_audit_photo_audit_id_place", ["audit_id", "place"], unique=False)

    op.create_table(
        "stop_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("walker_id", sa.Integer(), nullable=False),
        sa.Column("stop_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_stop_note_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["stop_id"], ["walk_stop.id"], name=op.f("fk_stop_note_stop_id_walk_stop")
        ),
        sa.ForeignKeyConstraint(
            ["walker_id"], ["walker.id"], name=op.f("fk_stop_note_walker_id_walker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stop_note")),
        sa.UniqueConstraint("walker_id", "stop_id", name=op.f("uq_stop_note_walker_id_stop_id")),
    )
    with op.batch_alter_table("stop_note", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stop_note_stop_id"), ["stop_id"], unique=False)

    op.create_table(
        "stop_rating",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("walker_id", sa.Integer(), nullable=False),
        sa.Column("stop_id", sa.Integer(), nullable=False),
        sa.Column("thing", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["stop_id"], ["walk_stop.id"], name=op.f("fk_stop_rating_stop_id_walk_stop")
        ),
        sa.ForeignKeyConstraint(
            ["walker_id"], ["walker.id"], name=op.f("fk_stop_rating_walker_id_walker")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stop_rating")),
        sa.UniqueConstraint(
            "walker_id", "stop_id", "thing", name=op.f("uq_stop_rating_walker_id_stop_id_thing")
        ),
    )
    with op.batch_alter_table("stop_rating", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_stop_rating_stop_id"), ["stop_id"], unique=False)

    op.create_table(
        "street_fault",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("walk_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stop_id", sa.Integer(), nullable=False),
        sa.Column("thing", sa.String(length=20), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("recipient_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("sent_at", charter.core.db.UtcDateTime(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", charter.core.db.UtcDateTime(), nullable=True),
        sa.Column("file_id", sa.Integer(), nullable=True),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_file.id"], name=op.f("fk_street_fault_file_id_stored_file")
        ),
        sa.ForeignKeyConstraint(
            ["recipient_id"],
            ["fault_recipient.id"],
            name=op.f("fk_street_fault_recipient_id_fault_recipient"),
        ),
        sa.ForeignKeyConstraint(
            ["stop_id"], ["walk_stop.id"], name=op.f("fk_street_fault_stop_id_walk_stop")
        ),
        sa.ForeignKeyConstraint(
            ["walk_id"], ["night_walk.id"], name=op.f("fk_street_fault_walk_id_night_walk")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_street_fault")),
        sa.UniqueConstraint("walk_id", "number", name=op.f("uq_street_fault_walk_id_number")),
    )
    with op.batch_alter_table("street_fault", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_street_fault_recipient_id"), ["recipient_id"], unique=False
        )
        batch_op.create_index("ix_street_fault_state_due_on", ["state", "due_on"], unique=False)

    op.create_table(
        "audit_action",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("venue_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("found_in", sa.Integer(), nullable=False),
        sa.Column("seen_in", sa.Integer(), nullable=False),
        sa.Column("mended_in", sa.Integer(), nullable=True),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("room", sa.String(length=80), nullable=False),
        sa.Column("question", sa.String(length=82), nullable=False),
        sa.Column("asked", sa.String(length=300), nullable=False),
        sa.Column("answered", sa.String(length=200), nullable=False),
        sa.Column("mends", sa.String(length=10), nullable=False),
        sa.Column("wrong", sa.Text(), nullable=False),
        sa.Column("fix", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("cost", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("before_photo_id", sa.Integer(), nullable=True),
        sa.Column("after_file_id", sa.Integer(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.Integer(), nullable=True),
        sa.Column("ending", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["after_file_id"],
            ["stored_file.id"],
            name=op.f("fk_audit_action_after_file_id_stored_file"),
        ),
        sa.ForeignKeyConstraint(
            ["before_photo_id"],
            ["audit_photo.id"],
            name=op.f("fk_audit_action_before_photo_id_audit_photo"),
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["user.id"], name=op.f("fk_audit_action_ended_by_user")
        ),
        sa.ForeignKeyConstraint(
            ["found_in"], ["audit.id"], name=op.f("fk_audit_action_found_in_audit")
        ),
        sa.ForeignKeyConstraint(
            ["mended_in"], ["audit.id"], name=op.f("fk_audit_action_mended_in_audit")
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["user.id"], name=op.f("fk_audit_action_owner_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["seen_in"], ["audit.id"], name=op.f("fk_audit_action_seen_in_audit")
        ),
        sa.ForeignKeyConstraint(
            ["venue_id"], ["venue.id"], name=op.f("fk_audit_action_venue_id_venue")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_action")),
        sa.UniqueConstraint("venue_id", "number", name=op.f("uq_audit_action_venue_id_number")),
    )
    with op.batch_alter_table("audit_action", schema=None) as batch_op:
        batch_op.create_index("ix_audit_action_state_due_on", ["state", "due_on"], unique=False)
        batch_op.create_index("ix_audit_action_venue_id_state", ["venue_id", "state"], unique=False)


def downgrade() -> None:
    """Undo the change, for development only."""
    with op.batch_alter_table("audit_action", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_action_venue_id_state")
        batch_op.drop_index("ix_audit_action_state_due_on")

    op.drop_table("audit_action")
    with op.batch_alter_table("street_fault", schema=None) as batch_op:
        batch_op.drop_index("ix_street_fault_state_due_on")
        batch_op.drop_index(batch_op.f("ix_street_fault_recipient_id"))

    op.drop_table("street_fault")
    with op.batch_alter_table("stop_rating", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stop_rating_stop_id"))

    op.drop_table("stop_rating")
    with op.batch_alter_table("stop_note", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_stop_note_stop_id"))

    op.drop_table("stop_note")
    with op.batch_alter_table("audit_photo", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_photo_audit_id_place")

    op.drop_table("audit_photo")
    op.drop_table("audit_answer")
    op.drop_table("walker")
    op.drop_table("walk_stop")
    with op.batch_alter_table("audit", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_venue_id_finished_at")
        batch_op.drop_index("ix_audit_kind_finished_at")

    op.drop_table("audit")
    with op.batch_alter_table("night_walk", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_night_walk_repeats_id"))

    op.drop_table("night_walk")
    op.drop_table("fault_recipient")
